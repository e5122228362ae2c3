using Sidecar.Observation;
using Sidecar.Observation.Memory;

namespace Sidecar.Capture;

/// <summary>What a search has found.</summary>
internal enum SearchResult
{
    /// <summary>Nothing yet.</summary>
    Searching,

    /// <summary>A message begins: <see cref="RequestSearch.Pieces"/>.</summary>
    Found,

    /// <summary>The connection does not speak HTTP/1.</summary>
    Never,
}

/// <summary>
/// Finds the next request of an HTTP/1 connection after bytes that were not captured. A segment is taken for the start of a request when
/// it begins with a request line, follows a segment of the server, and is answered by a status line. A body cannot look like that: its
/// segments follow each other, or an interim response.
/// </summary>
/// <param name="memory">Charged for the request until it is answered.</param>
/// <param name="post">Runs a call before the next packet.</param>
/// <param name="isOfHttp1">Whether the connection has spoken HTTP/1: then the bytes of a body never mean another protocol.</param>
internal sealed class RequestSearch(ObservationMemory memory, Action<SendOrPostCallback, object> post, bool isOfHttp1) : IMemoryHolder
{
    /// <summary>Bytes of a request that can wait for its answer. Servers refuse longer heads (nginx: four buffers of 8 KB).</summary>
    public const int MaxRequest = 32 * 1024;

    private const int MaxMethod = 20;
    private const byte FirstTlsRecord = 20;
    private const byte LastTlsRecord = 24;
    private const byte TlsMajor = 3;
    private const byte LastTlsMinor = 4;
    private const int TlsHeader = 5;

    // RFC 8446, 5.2
    private const int MaxTlsRecord = (16 * 1024) + 256;

    private readonly List<(long Time, byte[] Bytes)> _pieces = [];
    private MemoryAccount? _account;
    private int _length;
    private bool _isFromClient;
    private bool _isBegun;
    private bool? _lastFromClient;
    private bool _wasInterim;

    private static ReadOnlySpan<byte> Answer => "HTTP/1."u8;

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>The request, in the pieces in which it came; empty until a request is found.</summary>
    public IReadOnlyList<(long Time, byte[] Bytes)> Pieces => _pieces;

    /// <summary>Whether the request came from the side that was taken for the client.</summary>
    public bool IsFromClient => _isFromClient;

    /// <summary>Reads a segment.</summary>
    /// <param name="isFromClient">Whether it comes from the side that is taken for the client; that may be wrong.</param>
    /// <param name="segment">Its bytes.</param>
    /// <param name="time">Its time.</param>
    public SearchResult Read(bool isFromClient, ReadOnlySpan<byte> segment, long time)
    {
        var result = _pieces.Count > 0 ? Continue(isFromClient, segment, time) : SearchResult.Searching;
        if (result == SearchResult.Searching && _pieces.Count == 0)
            result = Begin(isFromClient, segment, time);
        (_lastFromClient, _wasInterim, _isBegun) = (isFromClient, segment.StartsWith("HTTP/1.1 1"u8), true);
        return result;
    }

    /// <summary>Bytes were not captured: what has begun may lack them.</summary>
    public void Gap() => Forget(lastFromClient: null);

    /// <summary>Releases the memory.</summary>
    public void Release() => Forget(lastFromClient: null);

    /// <inheritdoc/>
    public void LetGo() => post(static search => ((RequestSearch)search!).Release(), this);

    private SearchResult Begin(bool isFromClient, ReadOnlySpan<byte> segment, long time)
    {
        if (!isOfHttp1 && !_isBegun && segment.StartsWith(Preface))
        {
            Keep(isFromClient, segment, time);
            return SearchResult.Found;
        }

        if (!isOfHttp1 && (IsTls(segment) || IsHttp2(segment)))
            return SearchResult.Never;
        if (_lastFromClient is { } last && last != isFromClient && !_wasInterim && IsRequest(segment))
            Keep(isFromClient, segment, time);
        return SearchResult.Searching;
    }

    private SearchResult Continue(bool isFromClient, ReadOnlySpan<byte> segment, long time)
    {
        if (isFromClient == _isFromClient)
            Keep(isFromClient, segment, time);
        else if (segment.StartsWith(Answer))
            return SearchResult.Found;
        else
            Forget(isFromClient);
        return SearchResult.Searching;
    }

    private void Keep(bool isFromClient, ReadOnlySpan<byte> segment, long time)
    {
        _account ??= memory.Open(this, isOfOneThread: true);
        _account.Earn(segment.Length);
        if (_length + segment.Length > MaxRequest || !_account.TryTake(segment.Length))
        {
            Forget(isFromClient);
            return;
        }

        _isFromClient = isFromClient;
        _length += segment.Length;
        _pieces.Add((time, segment.ToArray()));
    }

    private void Forget(bool? lastFromClient)
    {
        _pieces.Clear();
        _length = 0;
        _account?.Close();
        _account = null;
        (_lastFromClient, _wasInterim) = (lastFromClient, false);
    }

    // A whole request line.
    private static bool IsRequest(ReadOnlySpan<byte> segment)
    {
        var method = segment[..Math.Min(segment.Length, MaxMethod)].IndexOf((byte)' ');
        if (method <= 0 || !Ascii.IsToken(segment[..method]))
            return false;
        var end = segment.IndexOf((byte)'\n');
        return end > 0 && segment[..end].TrimEnd((byte)'\r') is var line && (line.EndsWith(" HTTP/1.1"u8) || line.EndsWith(" HTTP/1.0"u8));
    }

    // The header of a record (RFC 8446, 5.1), and of the next if that is there.
    private static bool IsTls(ReadOnlySpan<byte> segment)
    {
        if (segment.Length < TlsHeader)
            return false;
        while (segment.Length >= TlsHeader)
        {
            var length = segment[3] << 8 | segment[4];
            if (segment is not [>= FirstTlsRecord and <= LastTlsRecord, TlsMajor, <= LastTlsMinor, ..] || length > MaxTlsRecord)
                return false;
            segment = segment[Math.Min(segment.Length, TlsHeader + length)..];
        }

        return true;
    }

    // Frames (RFC 9113, 4.1) that fill the segment exactly: length, type, flags, stream.
    private static bool IsHttp2(ReadOnlySpan<byte> segment)
    {
        const int header = 9;
        const int types = 10;
        var frames = 0;
        while (segment.Length >= header && segment[3] < types && segment[5] < 0x80)
        {
            var length = header + (segment[0] << 16 | segment[1] << 8 | segment[2]);
            if (length > segment.Length)
                return false;
            segment = segment[length..];
            frames++;
        }

        return frames > 0 && segment.IsEmpty;
    }
}
