namespace Sidecar.Observation;

/// <summary>The heads of one connection: those of exchanges that have ended serve the next ones.</summary>
/// <param name="limit">Most bytes of a head that are kept.</param>
/// <param name="maxFree">How many of them wait for the next exchange: a request and a response; pipelined ones come and go.</param>
internal sealed class MessageHeads(int limit, int maxFree = 2)
{
    // As many of the largest ones may be under way, or some thousand of a usual size. What comes then is cut.
    private const int MaxLargest = 64;

    private readonly Stack<MessageHead> _free = new();
    private long _left = (long)MaxLargest * limit;

    /// <summary>Most bytes of a head that are kept.</summary>
    public int Limit => limit;

    public MessageHead Rent() => _free.TryPop(out var head) ? head : new MessageHead(this);

    /// <summary>A head asks for more memory, or with a negative number gives some back.</summary>
    /// <returns>Whether it may have it.</returns>
    public bool TryTake(int bytes)
    {
        if (bytes > _left)
            return false;
        _left -= bytes;
        return true;
    }

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
