namespace Oracle.Serving;

/// <summary>Counts open connections up to a limit.</summary>
internal sealed class ConnectionLimit(int limit)
{
    private int _open;

    /// <summary>Counts one more, unless the limit is reached.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= limit)
            return true;
        Leave();
        return false;
    }

    /// <summary>Counts one less.</summary>
    public void Leave() => Interlocked.Decrement(ref _open);
}
