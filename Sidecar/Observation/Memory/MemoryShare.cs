namespace Sidecar.Observation.Memory;

/// <summary>An event loop's part of the budget: it takes portions and hands them out in small pieces. Connections without a loop have one together.</summary>
/// <param name="memory">The budget.</param>
/// <param name="isOfOneThread">Whether one thread alone takes and gives, which then needs no lock.</param>
internal sealed class MemoryShare(ObservationMemory memory, bool isOfOneThread)
{
    // Accounts come and go on the share's thread, and any thread may search among them.
    private readonly Lock _accountsLock = new();
    private readonly List<MemoryAccount> _accounts = [];
    private readonly Lock? _lock = isOfOneThread ? null : new Lock();
    private int _free;

    /// <summary>Bytes of it that nobody uses; a recent value.</summary>
    public int Free => Volatile.Read(ref _free);

    /// <summary>Takes what can be done without.</summary>
    public bool TryTake(int bytes)
    {
        if (TryTakeBelowSoftLimit(bytes))
            return true;
        memory.EndGreediest();
        return false;
    }

    /// <summary>Takes what is needed in any case; false: nothing more may come.</summary>
    public bool Take(int bytes)
    {
        if (TryTakeBelowSoftLimit(bytes))
            return true;
        memory.EndGreediest();
        if (memory.TryReserve(bytes, memory.Limit))
            return true;
        memory.Reserve(bytes);
        return false;
    }

    public void Give(int bytes)
    {
        _lock?.Enter();
        var free = _free + (long)bytes;
        var surplus = free > 2L * memory.Portion ? free - memory.Portion : 0;
        _free = (int)(free - surplus);
        _lock?.Exit();
        if (surplus > 0)
            memory.Reserve(-surplus);
    }

    public void Add(MemoryAccount account)
    {
        lock (_accountsLock)
        {
            account.Slot = _accounts.Count;
            _accounts.Add(account);
        }
    }

    public void Remove(MemoryAccount account)
    {
        lock (_accountsLock)
        {
            // The last one moves into the gap.
            var slot = account.Slot;
            _accounts[slot] = _accounts[^1];
            _accounts[slot].Slot = slot;
            _accounts.RemoveAt(_accounts.Count - 1);
            account.Slot = -1;
        }
    }

    /// <summary>The account that holds most, of its own and another.</summary>
    public MemoryAccount? Greediest(MemoryAccount? other)
    {
        lock (_accountsLock)
        {
            foreach (var account in _accounts)
            {
                if (account.Held > (other?.Held ?? MemoryAccount.Starting))
                    other = account;
            }
        }

        return other;
    }

    /// <summary>Does something to an account unless it was removed.</summary>
    public bool IfThere(MemoryAccount account, Action<MemoryAccount> action)
    {
        lock (_accountsLock)
        {
            if (account.Slot < 0)
                return false;
            action(account);
            return true;
        }
    }

    private bool TryTakeBelowSoftLimit(int bytes)
    {
        _lock?.Enter();
        try
        {
            if (bytes > _free && !TryRefill(bytes))
                return false;
            _free -= bytes;
            return true;
        }
        finally
        {
            _lock?.Exit();
        }
    }

    // A portion more, or where the budget is nearly spent just what is missing.
    private bool TryRefill(int bytes)
    {
        var missing = bytes - _free;
        var more = Math.Max(missing, memory.Portion);
        if (!memory.TryReserve(more, memory.SoftLimit) && !memory.TryReserve(more = missing, memory.SoftLimit))
            return false;
        _free += more;
        return true;
    }
}
