using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>A network namespace for rules of one backend alone.</summary>
internal sealed class RuleSpace : IAsyncDisposable
{
    public static readonly IReadOnlyList<string> Backends = ["nft", "legacy"];

    private readonly string _backend;

    private RuleSpace(NetworkNamespace space, string backend) => (Space, _backend) = (space, backend);

    public NetworkNamespace Space { get; }

    /// <summary>Skips the test where the kernel or the system lacks the backend.</summary>
    public static async Task<RuleSpace> CreateAsync(string backend)
    {
        RootTools.Require();
        var space = new RuleSpace(await NetworkNamespace.CreateAsync(), backend);
        try
        {
            foreach (var tables in new[] { $"iptables-{backend}", $"ip6tables-{backend}" })
                await space.Space.RunAsync($"{tables} -t nat -S");
        }
        catch (InvalidOperationException missing)
        {
            await space.DisposeAsync();
            Assert.Skip($"needs the {backend} backend: {missing.Message}");
        }

        return space;
    }

    /// <summary>Runs the script inside.</summary>
    public Task<ScriptResult> RunAsync(params IEnumerable<string> words) =>
        SidecarIptables.RunAsync(["ip", "netns", "exec", Space.Name], [.. words, "--backend", _backend]);

    /// <summary>Runs it inside; it has to be done and silent.</summary>
    public async Task DoesAsync(params IEnumerable<string> words) => Assert.Equal(new ScriptResult(0, "", ""), await RunAsync(words));

    /// <summary>All rules of a family, normalised.</summary>
    public async Task<string> RulesAsync(int family) => RuleText.Normalise(await Space.RunAsync($"{(family == 4 ? "iptables" : "ip6tables")}-{_backend}-save"));

    /// <summary>All rules of both families, and the addresses and local routes of loopback.</summary>
    public async Task<string> StateAsync() =>
        $"{await RulesAsync(4)}\n{await RulesAsync(6)}\n{await Space.RunAsync("ip -br address show dev lo; ip -6 route show table local dev lo")}";

    public ValueTask DisposeAsync() => Space.DisposeAsync();
}
