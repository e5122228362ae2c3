using Sidecar.Transport.Epoll;
using Xunit;

namespace Sidecar.Tests.Transport.Epoll;

public sealed class HandlerTableTests
{
    private readonly HandlerTable _table = new();

    [Fact]
    public void Find_AfterTheSlotWasTakenByAnother_IsNone()
    {
        var (slot, stale) = _table.Add(new Handler());
        _table.Remove(slot);
        var next = new Handler();
        var (again, token) = _table.Add(next);

        Assert.Equal(slot, again);
        Assert.Null(_table.Find(stale));
        Assert.Same(next, _table.Find(token));
    }

    [Fact]
    public void Add_OfMoreThanThereIsRoomFor_KeepsAll()
    {
        var added = Enumerable.Range(0, 1000).Select(_ => new Handler()).Select(h => (Handler: h, _table.Add(h).Token)).ToList();
        Assert.All(added, a => Assert.Same(a.Handler, _table.Find(a.Token)));
    }

    // A close must succeed where there is no memory.
    [Fact]
    public void Remove_NeedsNoMemory()
    {
        var slots = Enumerable.Range(0, 1000).Select(_ => _table.Add(new Handler()).Slot).ToArray();
        _table.Remove(slots[0]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var slot in slots.AsSpan(1))
            _table.Remove(slot);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(slots.Reverse(), Enumerable.Range(0, 1000).Select(_ => _table.Add(new Handler()).Slot));
    }

    private sealed class Handler : ILoopHandler
    {
        public void OnEvents(uint events) => throw new InvalidOperationException();

        public void OnFailed() => throw new InvalidOperationException();
    }
}
