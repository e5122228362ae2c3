using Processes;


namespace Demo.Transparent;

/// <summary>Makes the hosts of a plan: a namespace each, joined by a bridge in one more.</summary>
internal static class PodNetwork
{
    /// <summary>The bridge's interface, which sees every frame between the hosts once promiscuous.</summary>
    public const string Bridge = "bridge";

    private const string Port = "eth0";

    /// <summary>Makes it all. What fails half-way leaves its part behind: <see cref="RunRemains"/> removes it.</summary>
    /// <param name="plan">Names and addresses.</param>
    /// <param name="joinMachine">Whether this machine takes part, so that its browser reaches the pods.</param>
    /// <param name="cancellation">Gives up between two steps.</param>
    /// <exception cref="ProcessFailedException">A step failed.</exception>
    public static async Task MakeAsync(NetworkPlan plan, bool joinMachine, CancellationToken cancellation)
    {
        foreach (var step in Steps(plan, joinMachine))
        {
            cancellation.ThrowIfCancellationRequested();
            await ShortCommand.RunAsync([.. step.Split(' ')]);
        }
    }

    private static IEnumerable<string> Steps(NetworkPlan plan, bool joinMachine)
    {
        var bridge = plan.BridgeNamespace;
        yield return $"ip netns add {bridge}";
        yield return $"ip -n {bridge} link set lo up";
        yield return $"ip -n {bridge} link add {Bridge} type bridge";
        yield return $"ip -n {bridge} link set {Bridge} up";
        foreach (var host in plan.Hosts)
        {
            yield return $"ip netns add {host.Namespace}";
            yield return $"ip -n {host.Namespace} link set lo up";
            yield return $"ip link add {host.Name} netns {bridge} type veth peer name {Port} netns {host.Namespace}";
            foreach (var step in Join(plan, host, $"ip -n {host.Namespace}", Port))
                yield return step;
        }

        if (joinMachine)
        {
            yield return $"ip link add {plan.Run.HostInterface} type veth peer name {plan.Machine.Name} netns {bridge}";
            foreach (var step in Join(plan, plan.Machine, "ip", plan.Run.HostInterface))
                yield return step;
        }
    }

    private static IEnumerable<string> Join(NetworkPlan plan, PlannedHost host, string ip, string device) =>
    [
        $"ip -n {plan.BridgeNamespace} link set {host.Name} master {Bridge} up",
        $"{ip} address add {host.V4}/{plan.V4.PrefixLength} dev {device}",
        // Nobody else has the address, so there is no need to look for a duplicate before it is used.
        $"{ip} address add {host.V6}/{plan.V6.PrefixLength} dev {device} nodad",
        $"{ip} link set {device} up",
    ];
}
