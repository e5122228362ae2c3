using Sidecar.Observation.Memory;

namespace Sidecar.Observation.Http2.Hpack;

/// <summary>
/// The fields that got a number on this connection (RFC 7541, 2.3.2 and 4), the newest first. Their bytes lie one after the other, the
/// oldest first. If there is no memory for the bytes of a field, its number and size are kept, so that all others stay right.
/// </summary>
/// <param name="memory">Charged for the kept bytes.</param>
internal sealed class DynamicTable(MemoryAccount memory)
{
    // Bytes that a field counts in addition to its own (RFC 7541, 4.1).
    public const int FieldOverhead = 32;

    // The size with which both sides begin (RFC 9113, 6.5.2).
    public const int FirstMaxSize = 4096;

    private const int UsualBytes = 512;
    private const int EntrySize = 12;

    private Entry[] _entries = [];
    private int _newest = -1;
    private PooledBytes _bytes = new(memory, UsualBytes);

    // The number of bytes dropped before the present ones; it can wrap around.
    private int _dropped;

    /// <summary>The number of fields.</summary>
    public int Count { get; private set; }

    /// <summary>Their size as the RFC counts it.</summary>
    public int Size { get; private set; }

    /// <summary>The largest allowed size.</summary>
    public int MaxSize { get; private set; } = FirstMaxSize;

    /// <summary>The field with a number, 0 for the newest.</summary>
    public TableField Get(int number)
    {
        ref readonly var field = ref At(number);
        if (field.IsLost)
            return new TableField(~field.Name, field.Value);
        var bytes = _bytes.Written.Slice(unchecked(field.Start - _dropped), field.Length);
        return new TableField(bytes[..field.Name], bytes[field.Name..]);
    }

    /// <summary>Changes the largest allowed size.</summary>
    public void Resize(int maxSize)
    {
        MaxSize = maxSize;
        Shrink(maxSize);
    }

    /// <summary>Adds a field and drops the oldest to make room. Its parts can lie in the table.</summary>
    public void Add(in TableField field)
    {
        var length = field.NameLength + field.ValueLength;
        if (length > MaxSize - FieldOverhead)
        {
            // A field that is larger than the table empties it (RFC 7541, 4.4).
            Shrink(0);
            return;
        }

        Shrink(MaxSize - FieldOverhead - length);
        var start = unchecked(_dropped + _bytes.Length);
        var isKept = !field.IsLost && _bytes.TryAdd(field.Name, field.Value);
        Push(new Entry(start, isKept ? field.NameLength : ~field.NameLength, field.ValueLength));
    }

    /// <summary>Drops all fields and releases the memory.</summary>
    public void Release()
    {
        Shrink(0);
        _bytes.Release();
        if (_entries.Length > 0)
            memory.Give(CostOf(_entries));
        (_entries, _newest) = ([], -1);
    }

    private static int CostOf(Entry[] entries) => (entries.Length * EntrySize) + MemoryAccount.ArrayOverhead;

    private ref Entry At(int number) => ref _entries[(_newest - number) & (_entries.Length - 1)];

    private void Shrink(int size)
    {
        while (Size > size)
        {
            ref readonly var oldest = ref At(Count - 1);
            Size -= oldest.Size;
            Count--;
            if (oldest.IsLost)
                continue;
            _bytes.Drop(oldest.Length);
            _dropped = unchecked(_dropped + oldest.Length);
        }
    }

    private void Push(in Entry entry)
    {
        if (Count == _entries.Length)
            MakeRoom();
        _newest = (_newest + 1) & (_entries.Length - 1);
        _entries[_newest] = entry;
        Count++;
        Size += entry.Size;
    }

    private void MakeRoom()
    {
        // A power of two, so that numbers wrap around by a mask.
        var larger = new Entry[Math.Max(16, 2 * Count)];
        memory.Take(CostOf(larger));
        for (var i = 0; i < Count; i++)
            larger[Count - 1 - i] = At(i);
        if (_entries.Length > 0)
            memory.Give(CostOf(_entries));
        (_entries, _newest) = (larger, Count - 1);
    }

    // A name length that is a complement means that the bytes are lost.
    private readonly record struct Entry(int Start, int Name, int Value)
    {
        public bool IsLost => Name < 0;

        public int Length => (IsLost ? ~Name : Name) + Value;

        public int Size => Length + FieldOverhead;
    }
}
