using Sidecar.Observation.Memory;

namespace Sidecar.Observation;

/// <summary>The heads of one connection: those of exchanges that have ended serve the next ones.</summary>
/// <param name="limit">Most bytes of a head that are kept.</param>
/// <param name="memory">Charged for them.</param>
/// <param name="maxFree">How many of them wait for the next exchange: a request and a response; pipelined ones come and go.</param>
internal sealed class MessageHeads(int limit, MemoryAccount memory, int maxFree = 2)
{
    private readonly Stack<MessageHead> _free = new();

    /// <summary>Most bytes of a head that are kept.</summary>
    public int Limit => limit;

    /// <summary>Charged for the heads, and for what belongs to them.</summary>
    public MemoryAccount Memory => memory;

    public MessageHead Rent()
    {
        if (_free.TryPop(out var free))
            return free;
        var head = new MessageHead(limit, memory);
        memory.Take(MessageHead.Cost);
        return head;
    }

    public void Return(MessageHead? head)
    {
        if (head is null)
            return;
        if (_free.Count == maxFree)
        {
            head.GiveBack();
            return;
        }

        // Its buffer goes back to all connections: an idle one holds none.
        head.Release();
        _free.Push(head);
    }

    /// <summary>Gives back those that wait.</summary>
    public void Release()
    {
        while (_free.TryPop(out var head))
            head.GiveBack();
    }
}
