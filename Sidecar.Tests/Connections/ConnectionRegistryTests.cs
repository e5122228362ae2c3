using System.Net;
using ByteFilters;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Net;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Connections;

public sealed class ConnectionRegistryTests
{
    private static readonly ListenerOptions First = Stage.Listener(name: "first");
    private static readonly ListenerOptions Second = Stage.Listener(name: "second");
    private static readonly ClientAddress Client = new(IPEndPoint.Parse("127.0.0.1:50001"));

    [Fact]
    public void TryAdd_AtTheLimit_RefusesWithoutTakingAPlace()
    {
        var registry = new ConnectionRegistry(new CurrentOptions(Stage.Options(First) with { MaxConnections = 1 }));
        var live = Added(registry, First);
        var refused = Report(First);

        Assert.False(registry.TryAdd(refused));
        Assert.Equal(RelayEndReason.LimitReached, registry.TryEnd(refused)!.Reason);
        Assert.Equal(1, registry.Count);
        registry.TryEnd(live);
        Added(registry, First);

        var counts = Assert.Single(registry.Counts());
        Assert.Equal((3, 1, 1), (counts.Opened, counts.Live, counts.Ended[(int)RelayEndReason.LimitReached]));
    }

    [Fact]
    public void TryAdd_AtTheListenersLimit_LeavesTheOthersAlone()
    {
        var limited = Stage.Listener(name: "limited") with { MaxConnections = 1 };
        var registry = new ConnectionRegistry(new CurrentOptions(Stage.Options(limited, First) with { MaxConnections = 3 }));
        var live = Added(registry, limited);

        Assert.False(registry.TryAdd(Report(limited)));
        Added(registry, First);
        Added(registry, First);
        Assert.False(registry.TryAdd(Report(First)));
        registry.TryEnd(live);
        Added(registry, limited);
    }

    [Fact]
    public async Task WhenEmpty_CompletesWithTheLastOne()
    {
        var registry = new ConnectionRegistry(new CurrentOptions(Stage.Options(First)));
        var (one, other) = (Added(registry, First), Added(registry, First));
        var empty = registry.WhenEmpty();

        registry.TryEnd(one);
        Assert.False(empty.IsCompleted);
        registry.TryEnd(other);

        await empty.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.True(registry.WhenEmpty().IsCompleted);
    }

    [Fact]
    public void TryAdd_OnceAllAreRefused_NamesTheReason()
    {
        var registry = new ConnectionRegistry(new CurrentOptions(Stage.Options(First)));
        registry.RefuseAll(RelayEndReason.Draining, "over");
        var info = Report(First);

        Assert.False(registry.TryAdd(info));
        Assert.Equal(new Ending(RelayEndReason.Draining, "over"), registry.TryEnd(info));
    }

    [Fact]
    public void TryEnd_InAnyOrder_KeepsTheOthers()
    {
        var registry = new ConnectionRegistry(new CurrentOptions(Stage.Options(First, Second)));
        var reports = Enumerable.Range(0, 100).Select(i => Added(registry, i % 2 == 0 ? First : Second)).ToList();
        var random = new Random(7);

        while (reports.Count > 0)
        {
            var ended = reports[random.Next(reports.Count)];
            reports.Remove(ended);
            Assert.NotNull(registry.TryEnd(ended));
            Assert.Null(registry.TryEnd(ended));

            Assert.Equal(reports.ToHashSet(), registry.Live().ToHashSet());
            Assert.Equal(reports.Count(r => r.Listener == First), registry.Counts()[0].Live);
            Assert.Equal(reports.Count(r => r.Listener == Second), registry.Counts()[1].Live);
        }
    }

    [Fact]
    public void Find_AName_HasAllThatBearIt()
    {
        var registry = new ConnectionRegistry(new CurrentOptions(Stage.Options(First, Second)));
        Assert.True(ConnectionId.TryParse("twice", out var id));
        var (one, other, unnamed) = (Added(registry, First), Added(registry, Second), Added(registry, First));
        (one.Id, other.Id) = (id, id);

        Assert.Equal([one, other], registry.Find(id));
        Assert.Equal([unnamed], registry.Find(unnamed.Id));
        Assert.Empty(registry.Find(ConnectionId.New()));
    }

    [Fact]
    public void Sums_OfLivingAndEnded_AreByListenerAndTransform()
    {
        var registry = new ConnectionRegistry(new CurrentOptions(Stage.Options(First, Second)));
        var ended = Added(registry, First, TransformExpression.Xor(7));
        Move(ended, 1, 20, 300, 4000);
        registry.TryEnd(ended);
        Move(Added(registry, First, TransformExpression.Xor(8)), 1, 1, 1, 1);
        Move(Added(registry, Second, TransformExpression.Identity), 5, 6, 7, 8);
        Added(registry, Second);

        var bytes = registry.Bytes();
        Assert.Equal((2, 21, 301, 4001), Ways(bytes[ListenerLabel.Of(First)]));
        Assert.Equal((5, 6, 7, 8), Ways(bytes[ListenerLabel.Of(Second)]));
        Assert.Equal(new Dictionary<string, long> { ["xor"] = 23, ["idt"] = 11 }, registry.TransformedBytes());
    }

    [Fact]
    public async Task Sums_WhileConnectionsComeAndGo_NeverDip()
    {
        var registry = new ConnectionRegistry(new CurrentOptions(Stage.Options(First, Second)));
        using var hammering = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 3).Select(n => Task.Run(() => Hammer(registry, n, hammering.Token))).ToList();

        (ByteTotals Bytes, long Xor) before = default;
        for (var scrape = 0; (scrape < 20_000 || registry.Counts()[0].Ended.Sum() < 1000) && !writers.Exists(w => w.IsFaulted); scrape++)
        {
            var now = (Bytes: registry.Bytes()[ListenerLabel.Of(First)], Xor: registry.TransformedBytes().GetValueOrDefault("xor"));
            AssertNotLess(before.Bytes.DownstreamReceived, now.Bytes.DownstreamReceived);
            AssertNotLess(before.Bytes.DownstreamSent, now.Bytes.DownstreamSent);
            AssertNotLess(before.Bytes.UpstreamReceived, now.Bytes.UpstreamReceived);
            AssertNotLess(before.Bytes.UpstreamSent, now.Bytes.UpstreamSent);
            AssertNotLess(before.Xor, now.Xor);
            before = now;
        }

        await hammering.CancelAsync();
        var moved = (await Task.WhenAll(writers)).Sum();
        Assert.True(before.Xor > 0, "the scrapes saw nothing move");
        // Each connection moves the same both ways, so nothing may have been lost or counted twice.
        Assert.Equal((moved, moved, moved, moved), Ways(registry.Bytes()[ListenerLabel.Of(First)]));
        Assert.Equal(2 * moved, registry.TransformedBytes()["xor"]);
    }

    // One connection after the other, with some that stay, as an event loop would do it.
    private static long Hammer(ConnectionRegistry registry, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        var staying = new Queue<ConnectionInfo>();
        var moved = 0L;
        while (!stop.IsCancellationRequested)
        {
            var info = Added(registry, First, TransformExpression.Xor(1));
            for (var chunk = random.Next(1, 5); chunk > 0; chunk--)
            {
                var length = random.Next(1, 100_000);
                Move(info, length, length, length, length);
                moved += length;
            }

            staying.Enqueue(info);
            if (staying.Count > random.Next(50))
                registry.TryEnd(staying.Dequeue());
        }

        return moved;
    }

    private static void AssertNotLess(long before, long now) => Assert.True(now >= before, $"{now} after {before}");

    private static (long, long, long, long) Ways(ByteTotals bytes) =>
        (bytes.DownstreamReceived, bytes.DownstreamSent, bytes.UpstreamReceived, bytes.UpstreamSent);

    private static void Move(ConnectionInfo info, int downstreamReceived, int downstreamSent, int upstreamReceived, int upstreamSent)
    {
        info.Downstream.AddReceived(downstreamReceived);
        info.Downstream.AddSent(downstreamSent);
        info.UpstreamBytes.AddReceived(upstreamReceived);
        info.UpstreamBytes.AddSent(upstreamSent);
    }

    [Fact]
    public void Expect_ListenersOfAnotherConfiguration_GoOnCountingUnderTheirNames()
    {
        var registry = new ConnectionRegistry(new CurrentOptions(Stage.Options(First, Second)));
        var live = Added(registry, First);
        registry.TryEnd(Added(registry, First));

        registry.Expect([ListenerLabel.Of(Second)]);
        registry.Expect([ListenerLabel.Of(First)]);
        Added(registry, First with { MaxConnections = 5 });
        registry.TryEnd(live);

        var counts = registry.Counts().Single(c => c.Listener.Name == First.Name);
        Assert.Equal((3, 1, 2), (counts.Opened, counts.Live, counts.Ended.Sum()));
    }

    [Fact]
    public void Expect_NewNamesOnAndOn_KeepsTheLastAndThoseWithConnections()
    {
        var registry = new ConnectionRegistry(new CurrentOptions(Stage.Options(First)));
        var live = Added(registry, First);
        foreach (var number in Enumerable.Range(0, 200))
            registry.Expect([new ListenerLabel($"{number}", First.Role)]);

        var names = registry.Counts().Select(c => c.Listener.Name).ToList();
        Assert.Equal((65, First.Name, "199"), (names.Count, names[0], names[^1]));
        Assert.Contains(ListenerLabel.Of(First), registry.Bytes().Keys);
        registry.TryEnd(live);
        registry.Expect([new ListenerLabel("last", First.Role)]);
        Assert.DoesNotContain(registry.Counts(), c => c.Listener.Name == First.Name);
    }

    private static ConnectionInfo Added(ConnectionRegistry registry, ListenerOptions listener, TransformExpression? transform = null)
    {
        var info = Report(listener);
        info.Transform = transform;
        Assert.True(registry.TryAdd(info));
        return info;
    }

    private static ConnectionInfo Report(ListenerOptions listener) => new(listener, new TimeoutOptions(), Client, new MemoryConnection(), 0);
}
