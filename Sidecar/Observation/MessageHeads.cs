using Sidecar.Observation.Memory;

namespace Sidecar.Observation;

/// <summary>The heads of one connection: the heads of ended exchanges are used again.</summary>
/// <param name="limit">Most bytes of a head that are kept.</param>
/// <param name="memory">Charged for them.</param>
/// <param name="maxFree">
/// Most heads that are kept for the next exchange: a request and a response; those of pipelined requests are released.
/// </param>
internal sealed class MessageHeads(int limit, MemoryAccount memory, int maxFree = 2)
{
    private readonly Stack<MessageHead> _free = new();

    /// <summary>Most bytes of a head that are kept.</summary>
    public int Limit => limit;

    /// <summary>Charged for the heads and their parts.</summary>
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

        // Its buffer returns to the pool of all connections, because an idle connection holds none.
        head.Release();
        _free.Push(head);
    }

    /// <summary>Releases the kept heads.</summary>
    public void Release()
    {
        while (_free.TryPop(out var head))
            head.GiveBack();
    }
}
