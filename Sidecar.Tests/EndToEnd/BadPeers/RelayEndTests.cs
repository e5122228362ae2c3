using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.BadPeers;

/// <summary>Peers that break off, fall silent or stop reading in the middle of a relay.</summary>
public sealed class RelayEndTests
{
    [Fact]
    public async Task Client_ThatResets_ResetsTheUpstream()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port);
        var (client, served) = await TalkAsync(sidecar, upstream);

        client.Reset();

        await served.IsResetAsync();
        await sidecar.EndsForAsync("client_reset");
    }

    [Fact]
    public async Task Upstream_ThatResets_ResetsTheClient()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port);
        var (client, served) = await TalkAsync(sidecar, upstream);
        using var _ = client;

        served.Reset();

        await client.IsResetAsync();
        await sidecar.EndsForAsync("upstream_reset");
    }

    [Fact]
    public async Task Client_ThatResetsAfterItsEndOfStream_ResetsTheUpstream()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port);
        var (client, served) = await TalkAsync(sidecar, upstream);
        client.Finish();
        Assert.Empty(await served.ReadToEndAsync());

        client.Reset();
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            for (var sent = 0; sent < 1_000_000; sent += 64)
                await served.SendAllAsync(new byte[64 * 1024]);
        });

        await sidecar.EndsForAsync("client_reset");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reset_ThroughAPair_ReachesTheOtherEnd(bool byClient)
    {
        using var upstream = new LoopbackListener();
        await using var p2 = await RunningSidecar.StartAsync("0", "127.0.0.1", $"{upstream.Port}", "127.0.0.1", "p2");
        await using var p1 = await RunningSidecar.StartAsync("0", "127.0.0.1", $"{p2.Port}", "127.0.0.1", "p1");
        var (client, served) = await TalkAsync(p1, upstream);
        using var _ = client;

        (byClient ? client : served).Reset();

        await (byClient ? served : client).IsResetAsync();
        var reason = byClient ? "client_reset" : "upstream_reset";
        var ended = await Task.WhenAll(p1.EndsForAsync(reason), p2.EndsForAsync(reason));
        Assert.Equal(ended[0].Id, ended[1].Id);
    }

    [Fact]
    public async Task Silence_OfBothSides_EndsAtTheIdleLimitWithAReset()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port, "--idle-timeout", "2s");
        var (client, served) = await TalkAsync(sidecar, upstream);
        using var _ = client;

        await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync());

        var record = await sidecar.EndsForAsync("idle_timeout");
        Assert.True(record.DurationMs >= 1900, $"{record}");
    }

    [Fact]
    public async Task Silence_AfterOneEndOfStream_EndsAtTheHalfClosedLimitWithAReset()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port, "--half-closed-timeout", "300ms");
        var (client, served) = await TalkAsync(sidecar, upstream);
        using var _ = client;

        client.Finish();
        Assert.Empty(await served.ReadToEndAsync());

        await client.IsResetAsync();
        var record = await sidecar.EndsForAsync("half_closed_timeout");
        Assert.True(record.DurationMs >= 290, $"{record}");
    }

    [Fact]
    public async Task Bytes_OfOneDirection_KeepTheIdleLimitAway()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port, "--idle-timeout", "4s");
        var (client, served) = await TalkAsync(sidecar, upstream);
        using var _ = client;

        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5))
        {
            await client.SendAsync("x");
            Assert.Equal("x", await served.ReadTextAsync(1));
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Empty(sidecar.Records);
    }

    [Fact]
    public async Task Client_ThatStopsReading_HoldsTheUpstreamBackAndEndsAtTheIdleLimit()
    {
        // The kernel's own buffers of two connections: net.ipv4.tcp_rmem and tcp_wmem allow some 6 + 4 MB each.
        const int plenty = 64 * 1024 * 1024;
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port, "--idle-timeout", "2s");
        var (client, served) = await TalkAsync(sidecar, upstream);
        using var _ = client;
        client.ReceiveBufferSize = 4096;

        var sent = 0L;
        var error = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            var block = new byte[64 * 1024];
            while (sent < plenty)
            {
                await served.SendAllAsync(block);
                sent += block.Length;
            }
        });

        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        var record = await sidecar.EndsForAsync("idle_timeout");
        // What the sidecar itself holds: one read of 64 KB and Kestrel's pipe of 64 KB.
        Assert.InRange(record.Number("upstream_received") - record.Number("downstream_sent"), 0, 256 * 1024);
    }

    [Fact]
    public async Task Connections_BeyondTheLimit_AreRefusedWhileTheOthersGoOn()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port, "--max-connections", "1");
        var (client, served) = await TalkAsync(sidecar, upstream);

        await SocketTalk.IsRefusedAsync(sidecar.Port);
        // Accounted for once it is closed.
        await sidecar.RecordAsync(r => r.Reason == "limit_reached");
        await client.SendAsync("x");
        Assert.Equal("x", await served.ReadTextAsync(1));
        client.Finish();
        served.Finish();
        Assert.Empty(await client.ReadToEndAsync());
        await sidecar.RecordAsync(r => r.Reason == "completed");
        var (third, _) = await TalkAsync(sidecar, upstream);
        third.Dispose();

        var metrics = await sidecar.ScrapeAsync();
        Assert.Equal(1, metrics.Sum("sidecar_connections_total", "reason=\"limit_reached\""));
        Assert.Equal(3, metrics.Sum("sidecar_connections_opened_total"));
    }

    private static async Task<(Socket Client, Socket Served)> TalkAsync(RunningSidecar sidecar, LoopbackListener upstream)
    {
        var client = await SocketTalk.ConnectAsync(sidecar.Port);
        var served = await upstream.AcceptAsync();
        await client.SendAsync("ping");
        Assert.Equal("ping", await served.ReadTextAsync(4));
        await served.SendAsync("pong");
        Assert.Equal("pong", await client.ReadTextAsync(4));
        return (client, served);
    }
}
