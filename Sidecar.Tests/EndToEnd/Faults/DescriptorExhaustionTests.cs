using System.Net.Sockets;
using Sidecar.Tests.EndToEnd.Load;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
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
        await using var scarce = await ScarceDescriptors.StartAsync(2 * Served, "epoll");
        var served = await ConnectAsync(scarce, Served);
        Assert.All(await Task.WhenAll(served.Select(ScarceDescriptors.IsServedAsync)), Assert.True);
        var waiting = await ConnectAsync(scarce, Waiting);
        var answers = waiting.Select(ScarceDescriptors.IsServedAsync).ToList();
        await Eventually.TrueAsync(() => Warnings(scarce) == 1);

        // Ten attempts to accept in a second cost next to nothing, once the compiler is done; a loop that spins costs every second.
        var costs = new List<double>();
        do
            costs.Add(await scarce.CpuDuringAsync(TimeSpan.FromSeconds(1)));
        while (costs[^1] > 0.25 && costs.Count < 10);
        Assert.InRange(costs[^1], 0, 0.25);
        Assert.Equal(1, Warnings(scarce));
        Assert.DoesNotContain(answers, a => a.IsCompleted);
        Assert.All(await Task.WhenAll(served.Select(ScarceDescriptors.IsServedAsync)), Assert.True);

        await EndAsync(served.Take(Ended));
        await Eventually.TrueAsync(() => answers.Count(a => a.IsCompleted) == Ended);
        await EndAsync(served.Skip(Ended));
        Assert.All(await Task.WhenAll(answers), Assert.True);
        await EndAsync(waiting);
        await Eventually.TrueAsync(() => scarce.Sidecar.Records().Count == 1 + Served + Waiting);
        Assert.All(scarce.Sidecar.Records(), record => Assert.Equal("completed", record.Reason));
        await scarce.Sidecar.StopAsync("TERM");
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Connection_WhoseUpstreamSocketCannotBeMade_EndsAsAFailedConnect(string transport)
    {
        await using var scarce = await ScarceDescriptors.StartAsync((2 * Served) + 1, transport);
        var served = await ConnectAsync(scarce, Served);
        Assert.All(await Task.WhenAll(served.Select(ScarceDescriptors.IsServedAsync)), Assert.True);
        using var refused = await SocketTalk.ConnectAsync(scarce.Sidecar.Port);

        Assert.False(await ScarceDescriptors.IsServedAsync(refused));

        await Eventually.TrueAsync(() => scarce.Sidecar.Records().Count == 2);
        var record = scarce.Sidecar.Records()[1];
        Assert.True(record.Reason == "connect_failed", $"{record}");
        Assert.Contains("Too many open files", record.Text("detail"), StringComparison.Ordinal);
        Assert.All(await Task.WhenAll(served.Select(ScarceDescriptors.IsServedAsync)), Assert.True);
        await EndAsync(served);
        using var next = await SocketTalk.ConnectAsync(scarce.Sidecar.Port);
        Assert.True(await ScarceDescriptors.IsServedAsync(next));
        next.Dispose();
        await scarce.Sidecar.StopAsync("TERM");
    }

    private static int Warnings(ScarceDescriptors scarce) =>
        scarce.Sidecar.Log.Count(line => line.Contains("Cannot accept connections", StringComparison.Ordinal));

    private static async Task<IReadOnlyList<Socket>> ConnectAsync(ScarceDescriptors scarce, int count)
    {
        var clients = new List<Socket>();
        for (var i = 0; i < count; i++)
            clients.Add(await SocketTalk.ConnectAsync(scarce.Sidecar.Port));
        return clients;
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
