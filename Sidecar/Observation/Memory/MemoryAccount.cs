namespace Sidecar.Observation.Memory;

/// <summary>
/// What the observation of one connection holds, charged to the budget of all. Beyond a starting amount it may keep so much for each
/// byte that has passed: one byte may stand for a field of thousands.
/// </summary>
internal sealed class MemoryAccount
{
    /// <summary>Bytes that a connection may hold before anything has passed: its parsers, a usual request and its response.</summary>
    public const int Starting = 8 * 1024;

    /// <summary>Bytes that may be held for each that has passed. The smallest message, of some ten bytes, costs half of that in objects.</summary>
    public const int PerByte = 64;

    /// <summary>What an array costs beyond its elements.</summary>
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

    /// <summary>Bytes that are held now.</summary>
    public long Held => Volatile.Read(ref _held);

    /// <summary>Whether more is needed than there is: the observation has to end, and reads no further.</summary>
    public bool IsExhausted { get; private set; }

    /// <summary>What a protocol's observer says of it; null while there is memory.</summary>
    public string? Failure => IsExhausted ? "no memory for what is under way" : null;

    /// <summary>The account's place in its share; -1 when it is closed.</summary>
    public int Slot { get; set; }

    /// <summary>Bytes have passed, of either direction.</summary>
    public void Earn(long bytes) => _allowed += PerByte * bytes;

    /// <summary>Takes memory for what may be left out.</summary>
    public bool TryTake(int bytes)
    {
        if (bytes > _allowed - _held || !_share.TryTake(bytes))
            return false;
        _held += bytes;
        return true;
    }

    /// <summary>Takes memory for what cannot be left out.</summary>
    public void Take(int bytes)
    {
        _held += bytes;
        IsExhausted |= !_share.Take(bytes);
    }

    /// <summary>Takes memory to join what came in pieces. It leaves room for the rest, so that the same is kept of what came whole.</summary>
    public void TakeForPieces(int bytes)
    {
        _allowed += bytes;
        Take(bytes);
    }

    public void GiveForPieces(int bytes)
    {
        _allowed -= bytes;
        Give(bytes);
    }

    public void Give(int bytes)
    {
        _held -= bytes;
        _share.Give(bytes);
    }

    /// <summary>Part of a head is left out.</summary>
    public void CountCut() => _memory.CountCut();

    /// <summary>Asks the holder to let go; false when there is none any more.</summary>
    public bool TryChoose()
    {
        if (_holder is null || !_share.IfThere(this, static account => account._isChosen = true))
            return false;
        _holder.LetGo();
        return true;
    }

    /// <summary>Gives all back. The last call but for repetitions.</summary>
    /// <param name="forLack">Whether the observation ends for want of memory.</param>
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
