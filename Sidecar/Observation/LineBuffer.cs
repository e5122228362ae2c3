using Sidecar.Observation.Memory;

namespace Sidecar.Observation;

/// <summary>
/// Splits a stream into lines. A line that comes whole is not copied. If a line comes in pieces, its start is kept until its end.
/// Of a line that is too long, only the start and the last bytes are kept, for any pieces.
/// </summary>
/// <param name="limit">Most bytes of a line that are kept; at least <see cref="Tail"/>.</param>
/// <param name="memory">Charged for the kept bytes.</param>
internal sealed class LineBuffer(int limit, MemoryAccount memory)
{
    /// <summary>Last bytes of a line that are always kept, because a request's version is there.</summary>
    public const int Tail = 16;

    private PooledBytes _kept = new(memory, isForPieces: true);
    private bool _isTaken;

    /// <summary>Whether the last line was longer than its kept part.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Whether a line has begun and not ended.</summary>
    public bool HasPart => !_isTaken && !_kept.IsEmpty;

    /// <summary>The start of a line that has begun and not ended.</summary>
    public ReadOnlySpan<byte> Part => !HasPart ? default : IsCut ? _kept.Written[..^Tail] : _kept.Written;

    /// <summary>Takes a line from the bytes, without its LF or CRLF; false if they end before the line.</summary>
    public bool TryRead(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> line)
    {
        // An idle connection keeps no line.
        if (_isTaken)
            Release();
        var end = bytes.IndexOf((byte)'\n');
        if (end < 0)
        {
            Keep(bytes);
            bytes = default;
            line = default;
            return false;
        }

        line = bytes[..end];
        bytes = bytes[(end + 1)..];
        if (!_kept.IsEmpty || line.Length > limit)
        {
            Keep(line);
            line = _kept.Written;
        }

        if (line is [.., (byte)'\r'])
            line = line[..^1];
        _isTaken = true;
        return true;
    }

    /// <summary>Releases the buffer.</summary>
    public void Release()
    {
        _kept.Release();
        (_isTaken, IsCut) = (false, false);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var fitting = bytes[..Math.Min(bytes.Length, limit - _kept.Written.Length)];
        _kept.TryAdd(fitting);
        if (fitting.Length < bytes.Length)
            KeepTail(bytes[fitting.Length..]);
    }

    // The last bytes replace those before them.
    private void KeepTail(ReadOnlySpan<byte> bytes)
    {
        IsCut = true;
        var tail = _kept.Written[^Tail..];
        if (bytes.Length < Tail)
            tail[bytes.Length..].CopyTo(tail);
        else
            bytes = bytes[^Tail..];
        bytes.CopyTo(tail[(Tail - bytes.Length)..]);
    }
}
