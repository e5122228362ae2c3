namespace Sidecar.Observation;

/// <summary>The heads of one connection: those of exchanges that have ended serve the next ones.</summary>
/// <param name="limit">Most bytes of a head that are kept.</param>
/// <param name="maxFree">How many of them wait for the next exchange: a request and a response; pipelined ones come and go.</param>
internal sealed class MessageHeads(int limit, int maxFree = 2)
{
    private readonly Stack<MessageHead> _free = new();

    /// <summary>Most bytes of a head that are kept.</summary>
    public int Limit => limit;

    public MessageHead Rent() => _free.TryPop(out var head) ? head : new MessageHead(limit);

    public void Return(MessageHead? head)
    {
        if (head is null)
            return;
        // Its buffer goes back to all connections: an idle one holds none.
        head.Release();
        if (_free.Count < maxFree)
            _free.Push(head);
    }
}
