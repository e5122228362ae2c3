using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Connections;

/// <summary>A listener's own limit over real sockets.</summary>
[SystemTest]
public sealed class ListenerLimitTests
{
    [Fact]
    public async Task Connections_BeyondAListenersLimit_AreRefusedAndTakeNoPlaceOfTheOthers()
    {
        using var upstream = new LoopbackListener();
        using var folder = new TempFolder();
        var config = folder.Write("two.yaml", $$"""
            listeners:
              - {name: narrow, listen: "127.0.0.1:0", target: "127.0.0.1:{{upstream.Port}}", max-connections: 1}
              - {name: wide, listen: "127.0.0.1:0", target: "127.0.0.1:{{upstream.Port}}"}
            limits: {connections: 2}
            """);
        await using var sidecar = await RunningSidecar.StartAsync("--config", config);
        using var first = await SocketTalk.ConnectAsync(sidecar.Ports[0]);
        using var served = await upstream.AcceptAsync();

        for (var refused = 1; refused <= 5; refused++)
        {
            await SocketTalk.IsRefusedAsync(sidecar.Ports[0]);
            await Eventually.TrueAsync(() => sidecar.Records.Count == refused);
        }

        using var other = await SocketTalk.ConnectAsync(sidecar.Ports[1]);
        using var alsoServed = await upstream.AcceptAsync();
        Assert.All(sidecar.Records, r => Assert.Equal(("limit_reached", "narrow"), (r.Reason, r.Text("listener"))));
        Assert.Equal("more than 1 connections to listener narrow", sidecar.Records[0].Text("detail"));
        var metrics = await sidecar.ScrapeAsync();
        Assert.Equal(5, metrics.Sum("sidecar_connections_total", "listener=\"narrow\"", "reason=\"limit_reached\""));
        Assert.Equal(1, metrics.Sum("sidecar_connections_active", "listener=\"narrow\""));
        Assert.Equal(1, metrics.Sum("sidecar_connections_active", "listener=\"wide\""));
    }
}
