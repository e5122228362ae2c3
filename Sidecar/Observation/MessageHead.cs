using Sidecar.Observation.Grpc;
using Sidecar.Observation.Memory;

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
/// The head of a request or response: its fields as they were sent, in order, with duplicates and their case. It has one
/// buffer, which grows up to a limit and returns to the pool with <see cref="Release"/>.
/// </summary>
/// <param name="limit">Most bytes that are kept; the rest is left out, and <see cref="IsTruncated"/> is true.</param>
/// <param name="memory">Charged for the kept bytes.</param>
internal sealed class MessageHead(int limit, MemoryAccount memory)
{
    /// <summary>Bytes that a head uses, without bytes and fields.</summary>
    public const int Cost = 160;

    // A usual head; the size doubles as needed.
    private const int UsualSize = 1024;

    private const int UsualFields = 16;
    private const int FieldSize = 16;

    // If memory is short, this number more at a time.
    private const int FewFields = 2;

    /// <summary>Most fields that are kept: ten times the default of servers.</summary>
    public const int MaxFields = 1024;

    private PooledBytes _bytes = new(memory, UsualSize);
    private Field[] _fields = [];
    private GrpcFields _grpc;
    private Place _method;
    private Place _target;

    /// <summary>The version in the start line, or HTTP/2.</summary>
    public HttpVersion Version { get; set; }

    /// <summary>A response's status; 0 for a request.</summary>
    public int Status { get; set; }

    /// <summary>A request's method; empty for a response.</summary>
    public ReadOnlySpan<byte> Method => At(_method);

    /// <summary>Whether the method is HEAD; known even if there was no room to keep the method.</summary>
    public bool IsHead { get; private set; }

    /// <summary>Whether the method is CONNECT.</summary>
    public bool IsConnect { get; private set; }

    /// <summary>A request's target as it was sent; empty for a response.</summary>
    public ReadOnlySpan<byte> Target => At(_target);

    /// <summary>All kept bytes, one after the other.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.Written;

    /// <summary>The number of kept fields.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a part of the head was not kept.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>What its fields say about gRPC; known even if there was no room to keep them.</summary>
    public GrpcFields Grpc => _grpc;

    /// <summary>A field's name as it was sent.</summary>
    public ReadOnlySpan<byte> Name(int index) => At(_fields[index].Name);

    /// <summary>A field's value without the blanks around it.</summary>
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

    /// <summary>A field's value is also the target.</summary>
    public void SetTargetTo(int index) => _target = _fields[index].Value;

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        _grpc.Note(name, value);
        IsTruncated |= Count == MaxFields;
        if (IsTruncated || (Count == _fields.Length && !TryMakeRoomForFields()))
            return;
        _fields[Count++] = new Field(Keep(name), Keep(value));
    }

    /// <summary>Continues the last field's value with a folded line, after one space (RFC 9112, 5.2).</summary>
    public void Fold(ReadOnlySpan<byte> more)
    {
        if (IsTruncated || Count == 0)
            return;
        ref var last = ref _fields[Count - 1];
        // The last value is the last one kept, so the next bytes continue it.
        var space = Keep(" "u8);
        last = last with { Value = last.Value with { Length = last.Value.Length + space.Length + Keep(more).Length } };
    }

    /// <summary>A part of it could not be kept.</summary>
    public void Cut() => IsTruncated = true;

    /// <summary>There is no memory for a part of it.</summary>
    public void CutForLack()
    {
        if (!IsTruncated)
            memory.CountCut();
        IsTruncated = true;
    }

    /// <summary>Drops all; the buffer stays.</summary>
    public void Clear()
    {
        _bytes.Clear();
        (Count, Status, IsTruncated, _method, _target) = (0, 0, false, default, default);
        (IsHead, IsConnect, _grpc) = (false, false, default);
    }

    /// <summary>Drops all and releases the buffer.</summary>
    public void Release()
    {
        Clear();
        _bytes.Release();
        // The next head probably has the usual size.
        if (_fields.Length != UsualFields)
            ReleaseFields();
    }

    /// <summary>The head is no longer used.</summary>
    public void GiveBack()
    {
        Release();
        ReleaseFields();
        memory.Give(Cost);
    }

    private ReadOnlySpan<byte> At(Place place) => _bytes.Written.Slice(place.Start, place.Length);

    private Place Keep(ReadOnlySpan<byte> bytes)
    {
        var start = _bytes.Length;
        var fitting = bytes[..Math.Min(bytes.Length, limit - start)];
        IsTruncated |= fitting.Length < bytes.Length;
        if (!_bytes.TryAdd(fitting))
        {
            CutForLack();
            _bytes.TryAdd(fitting = fitting[..Math.Min(fitting.Length, _bytes.Free.Length)]);
        }

        return new Place(start, fitting.Length);
    }

    private bool TryMakeRoomForFields()
    {
        if (TryResize(Math.Max(UsualFields, 2 * Count)) || TryResize(Count + FewFields))
            return true;
        CutForLack();
        return false;
    }

    private bool TryResize(int count)
    {
        var larger = new Field[count];
        if (!memory.TryTake((count * FieldSize) + MemoryAccount.ArrayOverhead))
            return false;
        _fields.CopyTo(larger, 0);
        ReleaseFields();
        _fields = larger;
        return true;
    }

    private void ReleaseFields()
    {
        if (_fields.Length == 0)
            return;
        memory.Give((_fields.Length * FieldSize) + MemoryAccount.ArrayOverhead);
        _fields = [];
    }

    private readonly record struct Place(int Start, int Length);

    private readonly record struct Field(Place Name, Place Value);
}
