namespace Sidecar.Observation.Http1;

/// <summary>How the end of a message's body is known (RFC 9112, 6.3).</summary>
internal enum BodyEnd
{
    /// <summary>There is no body.</summary>
    AtOnce,

    /// <summary>After so many bytes.</summary>
    AfterLength,

    /// <summary>After the last chunk and its trailers.</summary>
    AfterChunks,

    /// <summary>With the connection.</summary>
    AtClose,

    /// <summary>The connection is no longer HTTP/1.1 behind this head.</summary>
    Never,
}

/// <summary>What the fields of a head say about the body behind it.</summary>
internal struct BodyFraming
{
    /// <summary>Content-Length; null when there is none.</summary>
    public long? Length;

    /// <summary>Whether chunked is the last transfer coding.</summary>
    public bool IsChunked;

    /// <summary>Whether there is a transfer coding.</summary>
    public bool IsEncoded;

    /// <summary>Whether the fields contradict each other, so that the peers may disagree where the body ends.</summary>
    public bool IsAmbiguous;

    // Whether the last field was one of those that count here.
    private bool _isLast;

    /// <summary>Learns from a field.</summary>
    /// <param name="name">Its name, as far as the colon.</param>
    /// <param name="value">Its value.</param>
    public void Note(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var trimmed = name.TrimEnd(Ascii.Blanks);
        _isLast = true;
        if (Ascii.EqualsIgnoreCase(trimmed, "content-length"u8))
            NoteLength(value);
        else if (Ascii.EqualsIgnoreCase(trimmed, "transfer-encoding"u8))
            NoteEncoding(value);
        else
            _isLast = false;
        // Some servers take it with a blank before the colon, others pass it over.
        IsAmbiguous |= _isLast && trimmed.Length < name.Length;
    }

    /// <summary>The last field goes on in a folded line, of which servers make different things.</summary>
    public void NoteFold() => IsAmbiguous |= _isLast;

    /// <summary>Whether servers may disagree where a request ends, or refuse it (RFC 9112, 6.1 and 6.3).</summary>
    /// <param name="version">The request's.</param>
    public readonly bool IsDisputed(HttpVersion version) =>
        IsAmbiguous || (IsEncoded && (Length is not null || !IsChunked || version == HttpVersion.Http10));

    /// <summary>How a request's body ends.</summary>
    public readonly BodyEnd OfRequest() => IsEncoded
        ? BodyEnd.AfterChunks
        : Length > 0 ? BodyEnd.AfterLength : BodyEnd.AtOnce;

    /// <summary>How the body of a response ends whose status allows for one.</summary>
    public readonly BodyEnd OfResponse() => IsEncoded
        ? IsChunked ? BodyEnd.AfterChunks : BodyEnd.AtClose
        : Length switch { null => BodyEnd.AtClose, 0 => BodyEnd.AtOnce, _ => BodyEnd.AfterLength };

    private void NoteLength(ReadOnlySpan<byte> value)
    {
        // A list of the same length is what some proxies make of two fields (RFC 9112, 6.3).
        foreach (var range in value.Split((byte)','))
        {
            if (!TryParseLength(value[range].Trim(Ascii.Blanks), out var length) || (Length is { } other && other != length))
            {
                IsAmbiguous = true;
                return;
            }

            Length = length;
        }
    }

    private void NoteEncoding(ReadOnlySpan<byte> value)
    {
        IsEncoded = true;
        var last = value[(value.LastIndexOf((byte)',') + 1)..].Trim(Ascii.Blanks);
        IsChunked = Ascii.EqualsIgnoreCase(last, "chunked"u8);
    }

    private static bool TryParseLength(ReadOnlySpan<byte> digits, out long length)
    {
        length = 0;
        // 18 digits stay below 2^63.
        if (digits.Length is 0 or > 18)
            return false;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return false;
            length = (10 * length) + (digit - '0');
        }

        return true;
    }
}
