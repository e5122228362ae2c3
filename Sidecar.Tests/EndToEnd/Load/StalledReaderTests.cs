using System.Net.Sockets;
using Demo.Verification;
using Sidecar.Benchmarks.Machine;
using Sidecar.Tests.EndToEnd.Faults;
using Sidecar.Tests.Support;
using Sidecar.Transport.Epoll;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Load;

/// <summary>Readers that stall hold their sender back instead of filling the sidecar's memory, and lose nothing by it.</summary>
[Collection(HeavyLoad.Name)]
public sealed class StalledReaderTests
{
    private const int Stalled = 100;

    // More than the kernel's buffers on the way hold (net.ipv4.tcp_wmem: 4 MB), so that the sidecar itself is held up.
    private const int CountOfEach = 6_000_000;

    // What one read can bring, or a pipe of 64 KB and as much in a copy. And room for a heap that was not collected yet.
    private const int MostHeld = EventLoop.ScratchSize;
    private const long MostMemory = (Stalled * MostHeld) + (24 * 1024 * 1024);

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Reader_ThatStallsAndResumes_GetsEveryByteOfBothDirections(string transport)
    {
        await using var talk = await Talk.OpenAsync(transport);
        var sent = (Up: await talk.FillAsync(talk.Client), Down: await talk.FillAsync(talk.Served));
        Assert.InRange(await talk.HeldAsync(talk.Client), 1, MostHeld);
        Assert.InRange(await talk.HeldAsync(talk.Served), 1, MostHeld);

        var (atServer, atClient) = (Pattern.ReadToEndAsync(talk.Served), Pattern.ReadToEndAsync(talk.Client));
        await Task.WhenAll(Pattern.SendAsync(talk.Client, 1_000_000, sent.Up), Pattern.SendAsync(talk.Served, 1_000_000, sent.Down));
        talk.Client.Finish();
        talk.Served.Finish();

        Assert.Equal((sent.Up + 1_000_000, sent.Down + 1_000_000), (await atServer, await atClient));
        await talk.Sidecar.EndsForAsync("completed");
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Readers_ThatStallByTheHundred_CostLittleMemory(string transport)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(service.Port, "--transport", transport);
        var pairs = new List<(Socket Client, Socket Served)>();
        for (var i = 0; i < Stalled; i++)
        {
            var client = await SocketTalk.ConnectAsync(sidecar.Port);
            client.ReceiveBufferSize = 128 * 1024;
            pairs.Add((client, await service.AcceptAsync()));
        }

        var before = ProcessMemory.Of(sidecar.Id);
        var sending = pairs.Select(pair => Pattern.SendAsync(pair.Served, CountOfEach)).ToList();
        var held = await HeldOnceAllStandsStillAsync(sidecar);
        var after = ProcessMemory.Of(sidecar.Id);

        Assert.InRange(held, Stalled, (double)Stalled * MostHeld);
        Assert.InRange(after - before, long.MinValue, MostMemory);
        var reading = pairs.Select(pair => Pattern.ReadToEndAsync(pair.Client)).ToList();
        await Task.WhenAll(sending);
        pairs.ForEach(pair => pair.Served.Finish());
        Assert.All(await Task.WhenAll(reading), count => Assert.Equal(CountOfEach, count));
        pairs.ForEach(pair => pair.Client.Dispose());
        await Eventually.TrueAsync(() => sidecar.Records().Count == Stalled);
        Assert.All(sidecar.Records(), record => Assert.Equal("completed", record.Reason));
    }

    private static async Task<double> HeldOnceAllStandsStillAsync(StartedSidecar sidecar)
    {
        var (last, held) = (0.0, 0.0);
        for (var still = 0; still < 5;)
        {
            var metrics = new MetricsPage((await sidecar.GetAsync("metrics", "/metrics")).Body);
            var received = metrics.Sum("sidecar_bytes_total", "direction=\"received\"");
            held = received - metrics.Sum("sidecar_bytes_total", "direction=\"sent\"");
            still = received == last && held > 0 ? still + 1 : 0;
            last = received;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        return held;
    }
}
