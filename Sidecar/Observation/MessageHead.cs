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
/// <param name="heads">Bounds what is kept, of it and of all heads of its connection; what comes behind is left out, which <see cref="IsTruncated"/> tells.</param>
internal sealed class MessageHead(MessageHeads heads)
{
    // A usual head; it doubles as needed.
    private const int FirstSize = 1024;

    private const int FirstFields = 16;
    private const int FieldSize = 16;

    // Ten times what servers allow for by default.
    private const int MaxFields = 1024;

    private byte[]? _bytes;
    private int _length;
    private Field[] _fields = new Field[FirstFields];
    private Place _method;
    private Place _target;

    /// <summary>Of the start line, or HTTP/2.</summary>
    public HttpVersion Version { get; set; }

    /// <summary>A response's status; 0 for a request.</summary>
    public int Status { get; set; }

    /// <summary>A request's method; empty for a response.</summary>
    public ReadOnlySpan<byte> Method => At(_method);

    /// <summary>Whether the method is HEAD: known also where there was no room to keep it.</summary>
    public bool IsHead { get; private set; }

    /// <summary>Whether the method is CONNECT.</summary>
    public bool IsConnect { get; private set; }

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
        SetMethod(method);
        SetTarget(target);
    }

    public void SetMethod(ReadOnlySpan<byte> method)
    {
        (IsHead, IsConnect) = (method.SequenceEqual("HEAD"u8), method.SequenceEqual("CONNECT"u8));
        _method = Keep(method);
    }

    public void SetTarget(ReadOnlySpan<byte> target) => _target = Keep(target);

    /// <summary>A field's value is the target, too.</summary>
    public void SetTargetTo(int index) => _target = _fields[index].Value;

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        IsTruncated |= Count == MaxFields;
        if (!IsTruncated && Count == _fields.Length)
            MakeRoomForFields();
        if (IsTruncated)
            return;
        _fields[Count++] = new Field(Keep(name), Keep(value));
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
        (IsHead, IsConnect) = (false, false);
    }

    /// <summary>Forgets all and gives the buffer back.</summary>
    public void Release()
    {
        Clear();
        if (_fields.Length > FirstFields)
        {
            heads.TryTake(-(_fields.Length - FirstFields) * FieldSize);
            _fields = new Field[FirstFields];
        }

        if (_bytes is null)
            return;
        heads.TryTake(-_bytes.Length);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = null;
    }

    private ReadOnlySpan<byte> At(Place place) => _bytes.AsSpan(place.Start, place.Length);

    private Place Keep(ReadOnlySpan<byte> bytes)
    {
        var fitting = bytes[..Math.Min(bytes.Length, heads.Limit - _length)];
        if (!TryMakeRoom(_length + fitting.Length))
            fitting = fitting[..((_bytes?.Length ?? 0) - _length)];
        IsTruncated |= fitting.Length < bytes.Length;
        fitting.CopyTo(_bytes.AsSpan(_length));
        var place = new Place(_length, fitting.Length);
        _length += fitting.Length;
        return place;
    }

    private void MakeRoomForFields()
    {
        if (heads.TryTake(Count * FieldSize))
            Array.Resize(ref _fields, 2 * Count);
        else
            IsTruncated = true;
    }

    private bool TryMakeRoom(int size)
    {
        var held = _bytes?.Length ?? 0;
        if (held >= size)
            return true;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(FirstSize, size), 2 * held));
        if (!heads.TryTake(larger.Length - held))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }

        if (_bytes is not null)
        {
            _bytes.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = larger;
        return true;
    }

    private readonly record struct Place(int Start, int Length);

    private readonly record struct Field(Place Name, Place Value);
}
