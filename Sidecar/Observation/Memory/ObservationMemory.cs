namespace Sidecar.Observation.Memory;

/// <summary>
/// One budget for all memory of observation, of all connections. Above it heads are cut, then the observation of the connection
/// that uses most ends.
/// </summary>
/// <param name="limit">The budget in bytes.</param>
internal sealed class ObservationMemory(long limit) : IDisposable
{
    // The share of the limit for what cannot be cut, until a chosen connection has released its memory.
    private const int ReserveShare = 8;

    // A loop takes portions of this part of the limit, 64 KB of the default, so that loops rarely compete.
    private const int PortionShare = 512;

    // If no connection had memory to release, the next search waits this long.
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

    /// <summary>Most bytes that can be kept.</summary>
    public long Limit => limit;

    /// <summary>Up to this limit heads are kept whole; the rest is for what cannot be cut.</summary>
    public long SoftLimit => limit - (limit / ReserveShare);

    /// <summary>The bytes that a share takes at once.</summary>
    public int Portion => (int)(limit / PortionShare);

    /// <summary>Bytes in use now.</summary>
    public long Used => Interlocked.Read(ref _taken) - Volatile.Read(ref _shares).Sum(share => (long)share.Free);

    /// <summary>Heads that were cut because memory was short.</summary>
    public long HeadsCut => Interlocked.Read(ref _headsCut);

    /// <summary>Connections with an observation that ended because memory was short.</summary>
    public long Ended => Interlocked.Read(ref _ended);

    /// <summary>An account for a connection.</summary>
    /// <param name="holder">Is asked to release its memory when it uses more than any other; null for none.</param>
    /// <param name="isOfOneThread">Whether only the calling thread will ever use it.</param>
    public MemoryAccount Open(IMemoryHolder? holder = null, bool isOfOneThread = false) => new(this, isOfOneThread ? ShareOfThread() : CommonShare(), holder);

    /// <summary>Takes from the budget, for a share or an account.</summary>
    /// <returns>False, and nothing is taken, if the sum would be above a limit.</returns>
    public bool TryReserve(long bytes, long most)
    {
        if (Interlocked.Add(ref _taken, bytes) <= most)
            return true;
        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    /// <summary>Takes memory for something that cannot be left out; a negative number returns memory.</summary>
    public void Reserve(long bytes) => Interlocked.Add(ref _taken, bytes);

    public void CountCut() => Interlocked.Increment(ref _headsCut);

    public void CountEnded() => Interlocked.Increment(ref _ended);

    /// <summary>Asks the account that uses most to release its memory, one account at a time.</summary>
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

    /// <summary>The chosen account has released its memory.</summary>
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

/// <summary>Uses memory of observation.</summary>
internal interface IMemoryHolder
{
    /// <summary>Asks it to release all memory soon. Any thread can call it.</summary>
    public void LetGo();
}
