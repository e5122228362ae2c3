using System.Buffers;

namespace Sidecar.Observation;

/// <summary>The protocol's version in a start line.</summary>
internal enum HttpVersion
{
    /// <summary>HTTP/1.0.</summary>
    Http10,

    /// <summary>HTTP/1.1.</summary>
    Http11,

    /// <summary>HTTP/2.</summary>
    Http2,
}

/// <summary>
/// The head of a request or response: its fields as they stood on the wire, in order, with duplicates and their case. It has one
/// buffer, which grows up to a limit and goes back to the pool with <see cref="Release"/>.
/// </summary>
/// <param name="limit">Most bytes that are kept; what comes behind is left out, which <see cref="IsTruncated"/> tells.</param>
internal sealed class MessageHead(int limit)
{
    // A usual head; it doubles as needed.
    private const int FirstSize = 1024;

    private byte[]? _bytes;
    private int _length;
    private Field[] _fields = new Field[16];
    private Place _method;
    private Place _target;

    /// <summary>Of the start line, or HTTP/2.</summary>
    public HttpVersion Version { get; set; }

    /// <summary>A response's status; 0 for a request.</summary>
    public int Status { get; set; }

    /// <summary>A request's method; empty for a response.</summary>
    public ReadOnlySpan<byte> Method => At(_method);

    /// <summary>A request's target as it was sent; empty for a response.</summary>
    public ReadOnlySpan<byte> Target => At(_target);

    /// <summary>All that is kept, one behind the other.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>How many fields are kept.</summary>
    public int Count { get; private set; }

    /// <summary>Whether not all of the head is kept.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>A field's name as it was sent.</summary>
    public ReadOnlySpan<byte> Name(int index) => At(_fields[index].Name);

    /// <summary>A field's value without the white space around it.</summary>
    public ReadOnlySpan<byte> Value(int index) => At(_fields[index].Value);

    public void SetRequest(ReadOnlySpan<byte> method, ReadOnlySpan<byte> target)
    {
        _method = Keep(method);
        _target = Keep(target);
    }

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (IsTruncated)
            return;
        var field = new Field(Keep(name), Keep(value));
        if (Count == _fields.Length)
            Array.Resize(ref _fields, 2 * Count);
        _fields[Count++] = field;
    }

    /// <summary>Continues the last field's value with a line that was folded, behind one space (RFC 9112, 5.2).</summary>
    public void Fold(ReadOnlySpan<byte> more)
    {
        if (IsTruncated || Count == 0)
            return;
        ref var last = ref _fields[Count - 1];
        // The last value is the last thing kept, so what follows it continues it.
        var space = Keep(" "u8);
        last = last with { Value = last.Value with { Length = last.Value.Length + space.Length + Keep(more).Length } };
    }

    /// <summary>Something of it could not be kept.</summary>
    public void Cut() => IsTruncated = true;

    /// <summary>Forgets all; the buffer stays.</summary>
    public void Clear()
    {
        (_length, Count, Status, IsTruncated, _method, _target) = (0, 0, 0, false, default, default);
    }

    /// <summary>Forgets all and gives the buffer back.</summary>
    public void Release()
    {
        Clear();
        if (_bytes is not null)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = null;
    }

    private ReadOnlySpan<byte> At(Place place) => _bytes.AsSpan(place.Start, place.Length);

    private Place Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > limit - _length)
        {
            IsTruncated = true;
            bytes = bytes[..(limit - _length)];
        }

        MakeRoom(_length + bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        var place = new Place(_length, bytes.Length);
        _length += bytes.Length;
        return place;
    }

    private void MakeRoom(int size)
    {
        if (_bytes?.Length >= size)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(FirstSize, size), 2 * (_bytes?.Length ?? 0)));
        if (_bytes is not null)
        {
            _bytes.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = larger;
    }

    private readonly record struct Place(int Start, int Length);

    private readonly record struct Field(Place Name, Place Value);
}
