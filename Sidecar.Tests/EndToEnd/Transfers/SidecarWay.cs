using Sidecar.Tests.Support;

namespace Sidecar.Tests.EndToEnd.Transfers;

/// <summary>A way to a service: through one sidecar, or through a pair that agrees by the real Oracle.</summary>
internal sealed class SidecarWay : IAsyncDisposable
{
    private readonly RunningOracle? _oracle;

    private SidecarWay(RunningOracle? oracle, params IReadOnlyList<RunningSidecar> sidecars) => (_oracle, Sidecars) = (oracle, sidecars);

    /// <summary>In the order in which bytes of the client pass them.</summary>
    public IReadOnlyList<RunningSidecar> Sidecars { get; }

    /// <summary>Where the client connects.</summary>
    public int Port => Sidecars[0].Port;

    /// <summary>Opens <c>alone</c>, or a pair with the Oracle's answer: <c>idt</c>, <c>not</c>, <c>xor 42</c>, <c>random</c>.</summary>
    public static async Task<SidecarWay> OpenAsync(string way, int service, Func<int, int>? tap = null, string transport = "epoll")
    {
        string[] options = ["--transport", transport];
        if (way == "alone")
            return new SidecarWay(null, await RunningSidecar.StartAsync(["0", "127.0.0.1", $"{service}", "127.0.0.1", "alone", .. options]));
        var oracle = await RunningOracle.StartAsync(way);
        var p2 = await RunningSidecar.StartAsync(["0", "127.0.0.1", $"{service}", "127.0.0.1", $"{oracle.Port}", "127.0.0.1", "p2", .. options]);
        var peer = tap?.Invoke(p2.Port) ?? p2.Port;
        var p1 = await RunningSidecar.StartAsync(["0", "127.0.0.1", $"{peer}", "127.0.0.1", $"{oracle.Port}", "127.0.0.1", "p1", .. options]);
        return new SidecarWay(oracle, p1, p2);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sidecar in Sidecars)
            await sidecar.DisposeAsync();
        if (_oracle is not null)
            await _oracle.DisposeAsync();
    }
}
