using System.Collections.Concurrent;
using System.Net;
using ByteFilters;
using Oracle.Decisions;
using Oracle.Protocol;
using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

public sealed class DecisionMemoryTests : IDisposable
{
    private static readonly IPAddress Asker = IPAddress.Parse("192.0.2.1");
    private readonly ManualTimeProvider _time = new();
    private readonly DecisionMemory _memory;
    private int _drawn;

    public DecisionMemoryTests() => _memory = new DecisionMemory(8, _time);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Join_AfterOpen_FindsWhatP2Left()
    {
        var left = Draw();
        Assert.Equal(Recall.Opened, _memory.Open(Id("a"), Asker, left));
        Assert.Equal(1, _memory.Pending);
        Assert.Equal(Recall.Joined, _memory.Join(Id("a"), out var found));
        Assert.Same(left, found);
        Assert.Equal((0, 1), (_memory.Pending, _memory.Count));
    }

    [Fact]
    public void Join_BeforeOpen_IsUnknownAndLeavesNoTrace()
    {
        Assert.Equal(Recall.Unknown, _memory.Join(Id("a"), out var found));
        Assert.Null(found);
        Assert.Equal(0, _memory.Count);
        Assert.Equal(Recall.Opened, Open("a"));
    }

    [Fact]
    public void Open_OtherIds_AreIndependent()
    {
        var (a, b) = (Draw(), Draw());
        _memory.Open(Id("a"), Asker, a);
        _memory.Open(Id("b"), Asker, b);
        _memory.Join(Id("b"), out var ofB);
        _memory.Join(Id("a"), out var ofA);
        Assert.Same(a, ofA);
        Assert.Same(b, ofB);
    }

    [Fact]
    public void Ask_AThirdTime_IsRepeated()
    {
        Open("a");
        Assert.Equal(Recall.Repeated, Open("a"));
        Assert.Equal(Recall.Joined, _memory.Join(Id("a"), out _));
        Assert.Equal(Recall.Repeated, _memory.Join(Id("a"), out _));
        Assert.Equal(Recall.Repeated, Open("a"));
    }

    [Fact]
    public void Open_Again_LeavesP1WhatTheFirstLeft()
    {
        var left = Draw();
        _memory.Open(Id("a"), Asker, left);
        Open("a");
        _memory.Join(Id("a"), out var found);
        Assert.Same(left, found);
    }

    [Fact]
    public void Ask_After30Seconds_IsANewConnection()
    {
        Open("a");
        _time.Advance(DecisionMemory.Lifetime - TimeSpan.FromTicks(1));
        Assert.Equal(Recall.Joined, _memory.Join(Id("a"), out _));
        Assert.Equal(Recall.Repeated, Open("a"));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(Recall.Unknown, _memory.Join(Id("a"), out _));
        Assert.Equal(Recall.Opened, Open("a"));
        Assert.Equal(0, _memory.Expired);
    }

    [Fact]
    public void Open_ByOneAsker_TakesHalfTheRoomAndLeavesTheNextItsShare()
    {
        foreach (var id in "abcd")
            Assert.Equal(Recall.Opened, Open(id.ToString()));
        Assert.Equal(Recall.Full, Open("e"));
        // Each may hold as many as are free: 4 are.
        Assert.Equal(Recall.Opened, Open("e", "192.0.2.2"));
        Assert.Equal(Recall.Opened, Open("f", "192.0.2.2"));
        Assert.Equal(Recall.Full, Open("g", "192.0.2.2"));
        Assert.Equal(Recall.Opened, Open("g", "2001:db8::1"));
        Assert.Equal(Recall.Full, Open("h"));
        // Nothing was evicted: what both sides have asked still takes its place, or a third question would pass for a first.
        foreach (var id in "abcdefg")
            Assert.Equal(Recall.Joined, _memory.Join(Id(id.ToString()), out _));
        Assert.Equal(Recall.Full, Open("h"));
        _time.Advance(DecisionMemory.Lifetime);
        foreach (var id in "hijk")
            Assert.Equal(Recall.Opened, Open(id.ToString()));
    }

    [Fact]
    public void Open_ByManyAskers_NeverHoldsMoreThanTheRoom()
    {
        for (var asker = 0; asker < 50; asker++)
        {
            for (var i = 0; i < 10; i++)
                Open($"{asker}.{i}", $"10.0.0.{asker}");
            Assert.InRange(_memory.Count, 0, 8);
        }

        Assert.Equal(8, _memory.Count);
    }

    [Fact]
    public void Sweep_WithoutAnyQuestion_EmptiesTheMemoryAndCountsWhatNobodyAskedFor()
    {
        using var memory = new DecisionMemory(1000, _time);
        for (var i = 0; i < 500; i++)
            memory.Open(Id($"id{i}"), Asker, Draw());
        memory.Join(Id("id0"), out _);
        _time.Advance(DecisionMemory.Lifetime + TimeSpan.FromSeconds(1));
        Assert.Equal((0, 0, 499L), (memory.Count, memory.Pending, memory.Expired));
        // Its share is whole again.
        for (var i = 0; i < 500; i++)
            Assert.Equal(Recall.Opened, memory.Open(Id($"id{i}"), Asker, Draw()));
    }

    [Fact]
    public void Dispose_StopsItsTimer()
    {
        _memory.Dispose();
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public async Task Ask_FromManyThreads_OpensEachIdOnceAndLetsOneJoin()
    {
        using var memory = new DecisionMemory(100_000, _time);
        var opened = new ConcurrentBag<(int Id, PairOpening Opening)>();
        var joined = new ConcurrentBag<(int Id, PairOpening Opening)>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 5_000; i++)
            {
                var mine = Draw();
                if (memory.Open(Id($"id{i}"), Asker, mine) == Recall.Opened)
                    opened.Add((i, mine));
                if (memory.Join(Id($"id{i}"), out var found) == Recall.Joined)
                    joined.Add((i, found!));
            }
        }, TestContext.Current.CancellationToken)));
        Assert.Equal(5_000, opened.Count);
        Assert.Equal(opened.OrderBy(o => o.Id).ToList(), joined.OrderBy(o => o.Id).ToList());
    }

    private Recall Open(string id, string asker = "192.0.2.1") => _memory.Open(Id(id), IPAddress.Parse(asker), Draw());

    private static ConnectionId Id(string text) => ConnectionId.TryParse(text, out var id) ? id : throw new FormatException(text);

    private PairOpening Draw() =>
        new(Decision.Grant(TransformExpression.Xor((byte)Interlocked.Increment(ref _drawn)), "rule", 1));
}
