namespace Sidecar.Observation.Memory;

/// <summary>
/// The memory that the observation of one connection uses, charged to the budget of all. Above a starting amount it can use a
/// fixed number of bytes for each byte that has passed, because one byte can stand for a field of thousands.
/// </summary>
internal sealed class MemoryAccount
{
    /// <summary>Bytes that a connection can use before any byte has passed: its parsers, a usual request and its response.</summary>
    public const int Starting = 8 * 1024;

    /// <summary>
    /// Bytes that it can use for each byte that has passed. The smallest message, of some ten bytes, costs half of that in objects.
    /// </summary>
    public const int PerByte = 64;

    /// <summary>Bytes of an array beyond its elements.</summary>
    public const int ArrayOverhead = 24;

    private readonly ObservationMemory _memory;
    private readonly MemoryShare _share;
    private readonly IMemoryHolder? _holder;
    private long _held;
    private long _allowed = Starting;
    private bool _isChosen;
    private bool _isClosed;

    internal MemoryAccount(ObservationMemory memory, MemoryShare share, IMemoryHolder? holder)
    {
        (_memory, _share, _holder) = (memory, share, holder);
        share.Add(this);
    }

    /// <summary>Bytes in use now.</summary>
    public long Held => Volatile.Read(ref _held);

    /// <summary>Whether there was not enough memory: the observation must end, and reads nothing more.</summary>
    public bool IsExhausted { get; private set; }

    /// <summary>The failure for a protocol's observer; null while there is memory.</summary>
    public string? Failure => IsExhausted ? "no memory for what is under way" : null;

    /// <summary>The account's index in its share; -1 when it is closed.</summary>
    public int Slot { get; set; }

    /// <summary>Bytes of either direction have passed.</summary>
    public void Earn(long bytes) => _allowed += PerByte * bytes;

    /// <summary>Takes memory for something that can be left out.</summary>
    public bool TryTake(int bytes)
    {
        if (bytes > _allowed - _held || !_share.TryTake(bytes))
            return false;
        _held += bytes;
        return true;
    }

    /// <summary>Takes memory for something that cannot be left out.</summary>
    public void Take(int bytes)
    {
        _held += bytes;
        IsExhausted |= !_share.Take(bytes);
    }

    /// <summary>
    /// Takes memory that does not count against the bytes that have passed: to join pieces, so that the same is kept as if they had
    /// come whole, or for a collection that grows in large steps.
    /// </summary>
    public void TakeBeside(int bytes)
    {
        _allowed += bytes;
        Take(bytes);
    }

    public void GiveBeside(int bytes)
    {
        _allowed -= bytes;
        Give(bytes);
    }

    public void Give(int bytes)
    {
        _held -= bytes;
        _share.Give(bytes);
    }

    /// <summary>Counts a head that was cut.</summary>
    public void CountCut() => _memory.CountCut();

    /// <summary>Asks the holder to release its memory; false if it has closed the account.</summary>
    public bool TryChoose()
    {
        if (_holder is null || !_share.IfThere(this, static account => account._isChosen = true))
            return false;
        _holder.LetGo();
        return true;
    }

    /// <summary>Returns all memory. The last call; a repeated one does nothing.</summary>
    /// <param name="forLack">Whether the observation ends because memory is short.</param>
    public void Close(bool forLack = false)
    {
        if (_isClosed)
            return;
        _isClosed = true;
        _share.Remove(this);
        while (_held > 0)
            Give((int)Math.Min(_held, int.MaxValue / 2));
        if (forLack)
            _memory.CountEnded();
        if (_isChosen)
            _memory.EndSearch();
    }
}
