namespace Sidecar.Observation.Memory;

/// <summary>
/// An event loop's part of the budget: it takes portions and gives them out in small pieces. Connections without a loop share one.
/// </summary>
/// <param name="memory">The budget.</param>
/// <param name="isOfOneThread">Whether only one thread takes and returns memory; then no lock is needed.</param>
internal sealed class MemoryShare(ObservationMemory memory, bool isOfOneThread)
{
    // Accounts are added and removed on the share's thread, but any thread can search them.
    private readonly Lock _accountsLock = new();
    private readonly List<MemoryAccount> _accounts = [];
    private readonly Lock? _lock = isOfOneThread ? null : new Lock();
    private int _free;

    /// <summary>Bytes of it that are not in use; a recent value.</summary>
    public int Free => Volatile.Read(ref _free);

    /// <summary>Takes memory for something that can be left out.</summary>
    public bool TryTake(int bytes)
    {
        if (TryTakeBelowSoftLimit(bytes))
            return true;
        memory.EndGreediest();
        return false;
    }

    /// <summary>Takes memory for something that cannot be left out; if false, nothing more may come.</summary>
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

    /// <summary>The account that uses most, among its own and another one.</summary>
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

    /// <summary>Runs an action on an account, unless it was removed.</summary>
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

    // Takes another portion, or only the missing bytes if the budget is almost used up.
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
