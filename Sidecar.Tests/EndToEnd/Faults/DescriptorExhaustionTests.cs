using System.Net.Sockets;
using Processes;
using Sidecar.Tests.EndToEnd.Load;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>A process that has no descriptors left goes on with what it has, waits without spinning, and comes back by itself.</summary>
[Collection(HeavyLoad.Name)]
public sealed class DescriptorExhaustionTests
{
    private const int Served = 20;
    private const int Waiting = 10;
    private const int Ended = 5;

    [Fact]
    public async Task Connections_BeyondTheDescriptors_WaitUntilOthersEnd()
    {
        await using var scarce = await ScarceDescriptors.StartAsync(Served, "epoll");
        var (client, answer) = await scarce.UntilOneWaitsAsync();
        var served = scarce.Served;
        List<Socket> waiting = [client];
        List<Task<bool>> answers = [answer];
        while (waiting.Count < Waiting)
        {
            waiting.Add(await SocketTalk.ConnectAsync(scarce.Sidecar.Port));
            answers.Add(ScarceDescriptors.IsServedAsync(waiting[^1]));
        }

        var seconds = await RestsAsync(scarce);
        Assert.InRange(scarce.Warnings, 1, 1 + seconds);
        var scarceMetrics = await scarce.MetricsAsync();
        Assert.Contains("\nsidecar_connections_active{", scarceMetrics, StringComparison.Ordinal);
        Assert.DoesNotContain("\nprocess_open_fds ", scarceMetrics, StringComparison.Ordinal);
        Assert.DoesNotContain("\nprocess_resident_memory_bytes 0\n", scarceMetrics, StringComparison.Ordinal);
        // A thread that ends meanwhile makes room for one.
        Assert.InRange(answers.Count(a => a.IsCompleted), 0, 1);
        Assert.All(await Task.WhenAll(served.Select(ScarceDescriptors.IsServedAsync)), Assert.True);

        await EndAsync(served.Take(Ended));
        await Eventually.TrueAsync(() => answers.Count(a => a.IsCompleted) >= Ended);
        await EndAsync(served.Skip(Ended));
        Assert.All(await Task.WhenAll(answers), Assert.True);
        Assert.Contains("\nprocess_open_fds ", await scarce.MetricsAsync(), StringComparison.Ordinal);
        await EndAsync(waiting);
        await Eventually.TrueAsync(() => scarce.Sidecar.Records().Count(record => record.Reason == "completed") == 1 + served.Count + Waiting);
        Assert.All(scarce.Sidecar.Records(), record => Assert.Contains(record.Reason, (string[])["completed", "connect_failed"]));
        await scarce.Sidecar.StopAsync(ProcessSignal.Terminate);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Probe_BeyondTheDescriptors_WaitsForItsAnswer(string transport)
    {
        await using var scarce = await ScarceDescriptors.StartAsync(Served, transport);
        var (client, answer) = await scarce.UntilOneWaitsAsync();

        var probe = scarce.Sidecar.GetAsync("health", "/healthz");

        await Eventually.TrueAsync(() => scarce.Sidecar.Log.Count(line => line.Contains("Cannot accept connections", StringComparison.Ordinal)) > scarce.Warnings);
        await RestsAsync(scarce);
        Assert.False(probe.IsCompleted);
        // Enough for a thread as well, which takes two: with fewer the runtime, should it want one just now, ends the process.
        await scarce.RaiseLimitAsync(by: 64);
        Assert.Equal((200, "ok\n"), await probe.WaitAsync(SocketTalk.Limit, TestContext.Current.CancellationToken));
        // Served or not: with the framework's sockets it may have been accepted with the last descriptor.
        await answer;
        client.Dispose();
        await EndAsync(scarce.Served);
        await scarce.Sidecar.StopAsync(ProcessSignal.Terminate);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Connection_WhoseUpstreamSocketCannotBeMade_EndsAsAFailedConnect(string transport)
    {
        await using var scarce = await ScarceDescriptors.StartAsync(Served, transport);

        await scarce.UntilOneIsEndedAsync();

        await Eventually.TrueAsync(() => scarce.Sidecar.Records().Count == 2);
        var record = scarce.Sidecar.Records()[1];
        Assert.True(record.Reason == "connect_failed", $"{record}");
        Assert.Contains("Too many open files", record.Text("detail"), StringComparison.Ordinal);
        Assert.NotEmpty(scarce.Served);
        Assert.All(await Task.WhenAll(scarce.Served.Select(ScarceDescriptors.IsServedAsync)), Assert.True);
        await EndAsync(scarce.Served);
        using var next = await SocketTalk.ConnectAsync(scarce.Sidecar.Port);
        Assert.True(await ScarceDescriptors.IsServedAsync(next));
        next.Dispose();
        await scarce.Sidecar.StopAsync(ProcessSignal.Terminate);
    }

    // Ten attempts to accept in a second cost next to nothing, once the compiler is done; a loop that spins costs every second.
    private static async Task<int> RestsAsync(ScarceDescriptors scarce)
    {
        var costs = new List<double>();
        do
            costs.Add(await scarce.CpuDuringAsync(TimeSpan.FromSeconds(1)));
        while (costs[^1] > 0.25 && costs.Count < 10);
        Assert.InRange(costs[^1], 0, 0.25);
        return costs.Count;
    }

    private static async Task EndAsync(IEnumerable<Socket> clients)
    {
        foreach (var client in clients)
        {
            client.Finish();
            Assert.Empty(await client.ReadToEndAsync());
            client.Dispose();
        }
    }
}
