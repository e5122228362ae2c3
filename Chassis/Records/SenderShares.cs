namespace Chassis.Records;

/// <summary>Counts the waiting records of each sender, so that no sender has more than its share of a queue.</summary>
/// <param name="most">Most records of one sender.</param>
internal sealed class SenderShares(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<object, int> _waiting = [];

    /// <summary>Senders with waiting records.</summary>
    public int Senders
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Counts one more; a null sender always has room.</summary>
    public bool TryTake(object? sender)
    {
        if (sender is null)
            return true;
        lock (_lock)
        {
            var waiting = _waiting.GetValueOrDefault(sender);
            if (waiting >= most)
                return false;
            _waiting[sender] = waiting + 1;
            return true;
        }
    }

    /// <summary>Counts one less.</summary>
    public void Return(object? sender)
    {
        if (sender is null)
            return;
        lock (_lock)
        {
            if (--_waiting[sender] == 0)
                _waiting.Remove(sender);
        }
    }
}
