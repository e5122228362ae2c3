using System.Net;
using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Authorization;

public sealed class OracleReachTests
{
    [Fact]
    public async Task Readyz_WithAnOracleThatWasNeverReached_SaysWhatItWaitsFor()
    {
        // Bound and not listening: connecting is refused, and nobody else gets the port.
        using var reserved = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)reserved.LocalEndPoint!).Port;
        await using var sidecar = await StartedSidecar.StartAsync("127.0.0.1:9", "--oracle", $"127.0.0.1:{port}");
        await Eventually.TrueAsync(() => sidecar.Log.Any(line => line.Contains($"The Oracle at 127.0.0.1:{port} cannot be reached", StringComparison.Ordinal)));

        var (status, body) = await sidecar.GetAsync("health", "/readyz");
        Assert.Equal(503, status);
        Assert.StartsWith($"not ready: waiting for the Oracle at 127.0.0.1:{port}: ", body, StringComparison.Ordinal);
        Assert.Equal(200, (await sidecar.GetAsync("health", "/healthz")).Status);

        // It comes, and goes away again: that is a detail.
        reserved.Listen();
        await Eventually.TrueAsync(async () => (await sidecar.GetAsync("health", "/readyz")).Status == 200);
        reserved.Dispose();
        using (var client = await SocketTalk.ConnectAsync(sidecar.Port))
            await client.IsResetAsync();
        (status, body) = await sidecar.GetAsync("health", "/readyz");
        Assert.Equal(200, status);
        Assert.StartsWith($"ready\nthe Oracle at 127.0.0.1:{port} does not answer: ", body, StringComparison.Ordinal);
        Assert.Single(sidecar.Log, line => line.Contains("cannot be reached", StringComparison.Ordinal));
    }
}
