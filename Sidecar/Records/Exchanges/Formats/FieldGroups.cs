using Sidecar.Observation;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>The fields of a head by their names, without regard to case: formats with one key for a name put all its values there.</summary>
internal ref struct FieldGroups
{
    /// <summary>Bytes of stack that a head of <see cref="MessageHead.MaxFields"/> fields needs.</summary>
    public const int MaxLength = Buckets + MessageHead.MaxFields;

    // Twice the fields of a large head; a power of two.
    private const int Buckets = 128;
    private const short None = -1;

    // So that a client cannot choose names that share a bucket.
    private static readonly uint Seed = (uint)Random.Shared.NextInt64();

    private readonly MessageHead _head;
    private readonly Span<short> _firsts;
    private readonly Span<short> _next;

    /// <summary>Groups the fields.</summary>
    /// <param name="head">The head.</param>
    /// <param name="room">Room for <see cref="MaxLength"/> numbers.</param>
    public FieldGroups(MessageHead head, Span<short> room)
    {
        _head = head;
        _firsts = room[..Buckets];
        _next = room.Slice(Buckets, head.Count);
        _firsts.Fill(None);
        // From the last, so that each chain has the order of the head.
        for (var i = (short)(head.Count - 1); i >= 0; i--)
        {
            ref var first = ref _firsts[BucketOf(head.Name(i))];
            (_next[i], first) = (first, i);
        }
    }

    /// <summary>Whether no earlier field has the same name.</summary>
    public readonly bool IsFirst(int index)
    {
        for (int i = _firsts[BucketOf(_head.Name(index))]; i != index; i = _next[i])
        {
            if (HaveSameName(i, index))
                return false;
        }

        return true;
    }

    /// <summary>The next field of the same name; -1 after the last.</summary>
    public readonly int Next(int index)
    {
        for (int i = _next[index]; i != None; i = _next[i])
        {
            if (HaveSameName(i, index))
                return i;
        }

        return None;
    }

    private readonly bool HaveSameName(int one, int other) => Ascii.EqualsIgnoreCase(_head.Name(one), _head.Name(other));

    private static int BucketOf(ReadOnlySpan<byte> name)
    {
        // FNV-1a, of lower case.
        var hash = 2166136261 ^ Seed;
        foreach (var character in name)
            hash = (hash ^ (uint)(character is >= (byte)'A' and <= (byte)'Z' ? character | 0x20 : character)) * 16777619;
        return (int)((hash ^ (hash >> 16)) & (Buckets - 1));
    }
}
