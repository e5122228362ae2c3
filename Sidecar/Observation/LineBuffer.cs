using Sidecar.Observation.Memory;

namespace Sidecar.Observation;

/// <summary>
/// Cuts a stream into lines. A line that comes whole is not copied; of one that comes in pieces the start is kept until its end.
/// Of one that is too long, start and last bytes are left, however it comes.
/// </summary>
/// <param name="limit">Most bytes of a line that are kept; at least <see cref="Tail"/>.</param>
/// <param name="memory">Charged for what is kept.</param>
internal sealed class LineBuffer(int limit, MemoryAccount memory)
{
    /// <summary>Last bytes of a line that are kept in any case: a request's version stands there.</summary>
    public const int Tail = 16;

    private PooledBytes _kept = new(memory, isForPieces: true);
    private bool _isTaken;

    /// <summary>Whether the line that was read last was longer than what is kept of it.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Whether a line has begun and not ended.</summary>
    public bool HasPart => !_isTaken && !_kept.IsEmpty;

    /// <summary>Takes a line out of the bytes, without its LF or CRLF; false once they are used up before its end.</summary>
    public bool TryRead(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> line)
    {
        // An idle connection keeps none.
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

    /// <summary>Gives the buffer back.</summary>
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

    // The last bytes take the place of those before them.
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
