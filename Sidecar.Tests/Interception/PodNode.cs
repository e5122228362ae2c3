using System.Collections.Concurrent;
using System.Net;
using Sidecar.Tests.Support;

namespace Sidecar.Tests.Interception;

/// <summary>
/// A node: a namespace with a line to each of its pods, as the network plug-in ptp makes them, so that its rules see all that pods send. Its
/// pods end with it.
/// </summary>
internal sealed class PodNode : IAsyncDisposable
{
    private readonly ConcurrentStack<IAsyncDisposable> _guests = new();

    private PodNode(NetworkNamespace space) => Space = space;

    /// <summary>Its own addresses, which all lines have.</summary>
    public static IPAddress V4 { get; } = IPAddress.Parse("10.77.0.254");

    /// <inheritdoc cref="V4"/>
    public static IPAddress V6 { get; } = IPAddress.Parse("fd00:77::254");

    /// <summary>Its namespace: that of pods with <c>hostNetwork</c>.</summary>
    public NetworkNamespace Space { get; }

    public static async Task<PodNode> CreateAsync()
    {
        var node = new PodNode(await NetworkNamespace.CreateAsync());
        node._guests.Push(node.Space);
        // A pod that is its own service gets its packets back by its own line, which is no reason to tell it of a shorter way. And packets go
        // out by a new line at once, without a look for duplicates of its address.
        await node.Space.RunAsync("""
            cd /proc/sys/net
            echo 1 >ipv4/ip_forward
            echo 1 >ipv6/conf/all/forwarding
            echo 0 >ipv4/conf/all/send_redirects
            echo 0 >ipv4/conf/default/send_redirects
            echo 0 >ipv6/conf/default/accept_dad
            """);
        return node;
    }

    /// <summary>Starts a pod with a sidecar.</summary>
    public async Task<Pod> StartPodAsync(int number, string config)
    {
        var pod = new Pod(await NetworkNamespace.CreateAsync(), number, config);
        _guests.Push(pod);
        await JoinAsync(pod.Space, pod.V4, pod.V6);
        await pod.StartSidecarAsync();
        return pod;
    }

    /// <summary>A namespace without a sidecar: that of a pod, or of a host outside.</summary>
    public async Task<NetworkNamespace> AddAsync(IPAddress v4, IPAddress v6)
    {
        var space = await NetworkNamespace.CreateAsync();
        _guests.Push(space);
        await JoinAsync(space, v4, v6);
        return space;
    }

    /// <summary>Makes the addresses of a Service those of a pod, as kube-proxy does. A pod that calls itself so sees the node as its client.</summary>
    public Task ServeAsync(IPAddress v4, IPAddress v6, Pod pod) => Space.RunAsync($"""
        iptables -t nat -A PREROUTING -d {v4} -p tcp -j DNAT --to-destination {pod.V4}
        iptables -t nat -A POSTROUTING -s {pod.V4} -d {pod.V4} -j MASQUERADE
        ip6tables -t nat -A PREROUTING -d {v6} -p tcp -j DNAT --to-destination {pod.V6}
        ip6tables -t nat -A POSTROUTING -s {pod.V6} -d {pod.V6} -j MASQUERADE
        """);

    public async ValueTask DisposeAsync()
    {
        while (_guests.TryPop(out var guest))
            await guest.DisposeAsync();
    }

    private async Task JoinAsync(NetworkNamespace guest, IPAddress v4, IPAddress v6)
    {
        var line = "to-" + guest.Name[^8..].TrimStart('-');
        await NetworkNamespace.JoinAsync(guest, Space, line);
        await guest.RunAsync($"""
            ip address add {v4}/32 dev wire
            ip address add {v6}/128 dev wire nodad
            ip link set wire up
            """);
        await Space.RunAsync($"""
            ip address add {V4}/32 dev {line}
            ip address add {V6}/128 dev {line} nodad
            ip link set {line} up
            ip route add {v4} dev {line}
            ip -6 route add {v6} dev {line}
            """);
        await guest.RunAsync($"""
            ip route add default via {V4} dev wire onlink
            ip -6 route add default via {V6} dev wire onlink
            """);
    }
}
