using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Transfers;

/// <summary>The process as the kernel sees it: sockets come back to where they were.</summary>
public sealed class DescriptorTests
{
    [Fact]
    public async Task Sockets_AfterConnectionsOfEveryEnd_AreWhereTheyWere()
    {
        await using var echo = new EchoServer();
        await using var sidecar = ProgramProcess.Start("Sidecar",
            "--listen", "127.0.0.1:0", "--target", $"127.0.0.1:{echo.Port}", "--connection-records", "off",
            "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0");
        var port = await sidecar.ListenerPortAsync();
        // Before the first connection: a closed one leaves the kernel's tables before its descriptor goes, and would be counted.
        var before = KernelSockets.CountOf(sidecar.Id);

        for (var round = 0; round < 3; round++)
        {
            var ends = Enumerable.Range(0, 60).Select(i => OpenAndEndAsync(port, reset: i % 2 == 0));
            await Task.WhenAll(ends);
        }

        var after = 0;
        await Eventually.TrueAsync(() => (after = KernelSockets.CountOf(sidecar.Id)) == before, () => $"{before} sockets before, {after} after");
    }

    private static async Task OpenAndEndAsync(int port, bool reset)
    {
        using var client = await SocketTalk.ConnectAsync(port);
        await client.SendAsync("x");
        Assert.Equal("x", await client.ReadTextAsync(1));
        if (reset)
        {
            client.Reset();
            return;
        }

        client.Shutdown(SocketShutdown.Send);
        Assert.Empty(await client.ReadToEndAsync());
    }
}
