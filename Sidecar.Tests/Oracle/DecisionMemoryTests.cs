using Oracle.Decisions;
using Oracle.Protocol;
using Oracle.Protocol.Expressions;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Oracle;

public sealed class DecisionMemoryTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly DecisionMemory _memory;
    private int _drawn;

    public DecisionMemoryTests() => _memory = new DecisionMemory(4, _time);

    public void Dispose() => _memory.Dispose();

    [Theory]
    [InlineData(SidecarRole.P1, SidecarRole.P2)]
    [InlineData(SidecarRole.P2, SidecarRole.P1)]
    public void Ask_OtherRole_GetsTheFirstDecision(SidecarRole first, SidecarRole second)
    {
        Assert.Equal(Recall.First, Ask("a", first, out var one));
        Assert.Equal(1, _memory.Pending);
        Assert.Equal(Recall.Second, Ask("a", second, out var two));
        Assert.Same(one, two);
        Assert.Equal(0, _memory.Pending);
    }

    [Fact]
    public void Ask_OtherIds_AreIndependent()
    {
        Ask("a", SidecarRole.P1, out var a);
        Ask("b", SidecarRole.P1, out var b);
        Ask("b", SidecarRole.P2, out var b2);
        Ask("a", SidecarRole.P2, out var a2);
        Assert.Same(a, a2);
        Assert.Same(b, b2);
        Assert.NotSame(a, b);
    }

    [Theory]
    [InlineData(SidecarRole.P1)]
    [InlineData(SidecarRole.P2)]
    [InlineData(SidecarRole.Alone)]
    public void Ask_AThirdTime_IsRepeated(SidecarRole third)
    {
        Ask("a", SidecarRole.P2, out _);
        Ask("a", SidecarRole.P1, out _);
        Assert.Equal(Recall.Repeated, Ask("a", third, out _));
    }

    [Fact]
    public void Ask_SameRoleTwice_IsRepeatedAndLeavesTheOtherItsDecision()
    {
        Ask("a", SidecarRole.P1, out var first);
        Assert.Equal(Recall.Repeated, Ask("a", SidecarRole.P1, out _));
        Assert.Equal(Recall.Repeated, Ask("a", SidecarRole.Alone, out _));
        Assert.Equal(Recall.Second, Ask("a", SidecarRole.P2, out var second));
        Assert.Same(first, second);
    }

    [Fact]
    public void Ask_Alone_IsForgottenAtOnce()
    {
        Assert.Equal(Recall.First, Ask("a", SidecarRole.Alone, out _));
        Assert.Equal(0, _memory.Count);
        Assert.Equal(Recall.First, Ask("a", SidecarRole.Alone, out _));
    }

    [Fact]
    public void Ask_After30Seconds_IsAFirstQuestionAgain()
    {
        Ask("a", SidecarRole.P1, out _);
        _time.Advance(DecisionMemory.Lifetime - TimeSpan.FromTicks(1));
        Assert.Equal(Recall.Second, Ask("a", SidecarRole.P2, out _));
        Assert.Equal(Recall.Repeated, Ask("a", SidecarRole.P2, out _));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(Recall.First, Ask("a", SidecarRole.P2, out _));
        Assert.Equal(0, _memory.Expired);
    }

    [Fact]
    public void Ask_Full_IsRefusedAndNothingIsEvicted()
    {
        var firsts = "abcd".Select(id => (Id: id.ToString(), Decision: First(id.ToString()))).ToList();
        Assert.Equal(Recall.Full, Ask("e", SidecarRole.P1, out _));
        Assert.Equal(Recall.First, Ask("e", SidecarRole.Alone, out _));
        foreach (var (id, decision) in firsts)
        {
            Assert.Equal(Recall.Second, Ask(id, SidecarRole.P2, out var second));
            Assert.Same(decision, second);
        }

        // What both roles have asked still takes its place: without it a third question would pass for a first.
        Assert.Equal(Recall.Full, Ask("e", SidecarRole.P1, out _));
        _time.Advance(DecisionMemory.Lifetime);
        Assert.Equal(Recall.First, Ask("e", SidecarRole.P1, out _));
    }

    [Fact]
    public void Sweep_WithoutAnyQuestion_EmptiesTheMemoryAndCountsWhatNobodyAskedFor()
    {
        using var memory = new DecisionMemory(1000, _time);
        for (var i = 0; i < 500; i++)
            memory.Ask(Id($"id{i}"), SidecarRole.P1, Draw(), out _);
        memory.Ask(Id("id0"), SidecarRole.P2, Draw(), out _);
        _time.Advance(DecisionMemory.Lifetime + TimeSpan.FromSeconds(1));
        Assert.Equal((0, 0, 499L), (memory.Count, memory.Pending, memory.Expired));
    }

    [Fact]
    public void Dispose_StopsItsTimer()
    {
        _memory.Dispose();
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public async Task Ask_FromManyThreads_GivesEachIdOneFirstAndOneSecondOfTheSame()
    {
        using var memory = new DecisionMemory(100_000, _time);
        var answers = new System.Collections.Concurrent.ConcurrentBag<(int Id, Recall Recall, Decision Decision)>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 5_000; i++)
                answers.Add((i, memory.Ask(Id($"id{i}"), thread % 2 == 0 ? SidecarRole.P1 : SidecarRole.P2, Draw(), out var decision), decision));
        }, TestContext.Current.CancellationToken)));
        foreach (var connection in answers.GroupBy(a => a.Id))
        {
            var first = Assert.Single(connection, a => a.Recall == Recall.First);
            Assert.Same(first.Decision, Assert.Single(connection, a => a.Recall == Recall.Second).Decision);
            Assert.Equal(6, connection.Count(a => a.Recall == Recall.Repeated));
        }
    }

    private Decision First(string id)
    {
        Assert.Equal(Recall.First, Ask(id, SidecarRole.P1, out var decision));
        return decision;
    }

    private Recall Ask(string id, SidecarRole role, out Decision decision) => _memory.Ask(Id(id), role, Draw(), out decision);

    private static ConnectionId Id(string text) => ConnectionId.TryParse(text, out var id) ? id : throw new FormatException(text);

    private Decision Draw() =>
        Decision.Grant(TransformExpression.Xor((byte)Interlocked.Increment(ref _drawn)), "rule", 1);
}
