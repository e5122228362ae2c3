namespace Sidecar.Observation;

/// <summary>The heads of one connection: those of exchanges that have ended serve the next ones.</summary>
/// <param name="limit">Most bytes of a head that are kept.</param>
internal sealed class MessageHeads(int limit)
{
    // A request and a response; pipelined ones come and go.
    private const int MaxFree = 2;

    private readonly Stack<MessageHead> _free = new(MaxFree);

    /// <summary>Most bytes of a head that are kept.</summary>
    public int Limit => limit;

    public MessageHead Rent() => _free.TryPop(out var head) ? head : new MessageHead(limit);

    public void Return(MessageHead? head)
    {
        if (head is null)
            return;
        // Its buffer goes back to all connections: an idle one holds none.
        head.Release();
        if (_free.Count < MaxFree)
            _free.Push(head);
    }
}
