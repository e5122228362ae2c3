using System.Buffers;

namespace Sidecar.Observation.Http2.Hpack;

/// <summary>
/// The fields that got a number on the way (RFC 7541, 2.3.2 and 4), the newest first. Their bytes lie one behind the other in a
/// buffer of the pool; when its end is reached, those still there move to another.
/// </summary>
internal sealed class DynamicTable
{
    // What a field counts beyond its bytes (RFC 7541, 4.1).
    public const int FieldOverhead = 32;

    // The size that both sides begin with (RFC 9113, 6.5.2).
    public const int FirstMaxSize = 4096;

    private const int FirstBytes = 512;

    private Field[] _fields = [];
    private int _newest = -1;
    private byte[] _bytes = [];
    private int _end;

    /// <summary>How many fields are there.</summary>
    public int Count { get; private set; }

    /// <summary>Their size as the RFC counts it.</summary>
    public int Size { get; private set; }

    /// <summary>What the size may reach.</summary>
    public int MaxSize { get; private set; } = FirstMaxSize;

    /// <summary>The field of a number, 0 being the newest.</summary>
    public void Get(int number, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        ref readonly var field = ref At(number);
        name = _bytes.AsSpan(field.Start, field.Name);
        value = _bytes.AsSpan(field.Start + field.Name, field.Value);
    }

    /// <summary>Changes the size that may be reached.</summary>
    public void Resize(int maxSize)
    {
        MaxSize = maxSize;
        Shrink(maxSize);
    }

    /// <summary>Adds a field, for which the oldest go. Its parts may lie in the table.</summary>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var length = name.Length + value.Length;
        if (length > MaxSize - FieldOverhead)
        {
            // One that is larger than the table empties it (RFC 7541, 4.4).
            Shrink(0);
            return;
        }

        Shrink(MaxSize - FieldOverhead - length);
        var old = length > _bytes.Length - _end ? Move(length) : null;
        var field = new Field(_end, name.Length, value.Length);
        name.CopyTo(_bytes.AsSpan(_end));
        value.CopyTo(_bytes.AsSpan(_end + name.Length));
        _end += length;
        Push(field);
        // Only now: the parts may have been in it.
        Return(old);
    }

    /// <summary>Forgets all and gives the buffer back.</summary>
    public void Release()
    {
        Shrink(0);
        Return(_bytes);
        (_bytes, _fields, _newest, _end) = ([], [], -1, 0);
    }

    private static void Return(byte[]? bytes)
    {
        if (bytes is { Length: > 0 })
            ArrayPool<byte>.Shared.Return(bytes);
    }

    private ref Field At(int number) => ref _fields[(_newest - number) & (_fields.Length - 1)];

    private void Shrink(int size)
    {
        while (Size > size)
        {
            Size -= At(Count - 1).Size;
            Count--;
        }
    }

    private void Push(Field field)
    {
        if (Count == _fields.Length)
        {
            // A power of two, so that numbers wrap around by a mask.
            var larger = new Field[Math.Max(16, 2 * Count)];
            for (var i = 0; i < Count; i++)
                larger[Count - 1 - i] = At(i);
            (_fields, _newest) = (larger, Count - 1);
        }

        _newest = (_newest + 1) & (_fields.Length - 1);
        _fields[_newest] = field;
        Count++;
        Size += field.Size;
    }

    /// <summary>Moves the fields to a buffer with as much room again, so that a byte is moved about once.</summary>
    private byte[] Move(int more)
    {
        var old = _bytes;
        _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(FirstBytes, 2 * (Size - (Count * FieldOverhead) + more)));
        _end = 0;
        for (var i = Count - 1; i >= 0; i--)
        {
            ref var field = ref At(i);
            var length = field.Name + field.Value;
            old.AsSpan(field.Start, length).CopyTo(_bytes.AsSpan(_end));
            field = field with { Start = _end };
            _end += length;
        }

        return old;
    }

    private readonly record struct Field(int Start, int Name, int Value)
    {
        public int Size => Name + Value + FieldOverhead;
    }
}
