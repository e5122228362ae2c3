namespace Sidecar.Observation.Memory;

/// <summary>
/// One budget for all that observation keeps, of all connections. Beyond it heads are cut, then the observation of the connection
/// that holds most ends.
/// </summary>
/// <param name="limit">Bytes.</param>
internal sealed class ObservationMemory(long limit) : IDisposable
{
    // Of the limit, for what cannot be cut while somebody is being made to let go.
    private const int ReserveShare = 8;

    // A loop takes portions of this part of the limit, 64 KB of the default, so that loops seldom meet.
    private const int PortionShare = 512;

    // Where nobody had anything to let go of, that is so for a while.
    private static readonly TimeSpan UselessSearch = TimeSpan.FromMilliseconds(100);

    private readonly ThreadLocal<MemoryShare?> _ofThread = new();
    private readonly Lock _lock = new();
    private MemoryShare[] _shares = [];
    private MemoryShare? _common;
    private long _taken;
    private long _headsCut;
    private long _ended;
    private long _nextSearch;
    private int _isSearching;

    /// <summary>Most bytes that may be kept.</summary>
    public long Limit => limit;

    /// <summary>Up to here heads are kept whole; what is left of the limit is for what cannot be cut.</summary>
    public long SoftLimit => limit - (limit / ReserveShare);

    /// <summary>What a share takes at once.</summary>
    public int Portion => (int)(limit / PortionShare);

    /// <summary>Bytes that are kept now.</summary>
    public long Used => Interlocked.Read(ref _taken) - Volatile.Read(ref _shares).Sum(share => (long)share.Free);

    /// <summary>Heads of which not all could be kept for want of memory.</summary>
    public long HeadsCut => Interlocked.Read(ref _headsCut);

    /// <summary>Connections whose observation ended for want of memory.</summary>
    public long Ended => Interlocked.Read(ref _ended);

    /// <summary>An account for a connection.</summary>
    /// <param name="holder">Asked to let go when it holds more than any other; null: nobody is.</param>
    /// <param name="isOfOneThread">Whether only the calling thread will ever use it.</param>
    public MemoryAccount Open(IMemoryHolder? holder = null, bool isOfOneThread = false) => new(this, isOfOneThread ? ShareOfThread() : CommonShare(), holder);

    /// <summary>Takes from the budget, for a share or an account.</summary>
    /// <returns>False, and nothing is taken, where the sum would be above a limit.</returns>
    public bool TryReserve(long bytes, long most)
    {
        if (Interlocked.Add(ref _taken, bytes) <= most)
            return true;
        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    /// <summary>Takes what is needed in any case, or with a negative number gives back.</summary>
    public void Reserve(long bytes) => Interlocked.Add(ref _taken, bytes);

    public void CountCut() => Interlocked.Increment(ref _headsCut);

    public void CountEnded() => Interlocked.Increment(ref _ended);

    /// <summary>Asks the account that holds most to let go, one at a time.</summary>
    public void EndGreediest()
    {
        if (Environment.TickCount64 < Volatile.Read(ref _nextSearch) || Interlocked.CompareExchange(ref _isSearching, 1, 0) != 0)
            return;
        MemoryAccount? greediest = null;
        foreach (var share in Volatile.Read(ref _shares))
            greediest = share.Greediest(greediest);
        if (greediest?.TryChoose() == true)
            return;
        Volatile.Write(ref _nextSearch, Environment.TickCount64 + (long)UselessSearch.TotalMilliseconds);
        EndSearch();
    }

    /// <summary>The account that was chosen has let go.</summary>
    public void EndSearch() => Volatile.Write(ref _isSearching, 0);

    public void Dispose() => _ofThread.Dispose();

    private MemoryShare ShareOfThread() => _ofThread.Value ??= Add(new MemoryShare(this, isOfOneThread: true));

    private MemoryShare CommonShare()
    {
        lock (_lock)
            return _common ?? (_common = Add(new MemoryShare(this, isOfOneThread: false)));
    }

    private MemoryShare Add(MemoryShare share)
    {
        lock (_lock)
            Volatile.Write(ref _shares, [.. _shares, share]);
        return share;
    }
}

/// <summary>Holds memory of observation.</summary>
internal interface IMemoryHolder
{
    /// <summary>Asks it to give all back soon. Any thread may call it.</summary>
    public void LetGo();
}
