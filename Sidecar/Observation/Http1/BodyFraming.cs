namespace Sidecar.Observation.Http1;

/// <summary>What marks the end of a message's body (RFC 9112, 6.3).</summary>
internal enum BodyEnd
{
    /// <summary>There is no body.</summary>
    AtOnce,

    /// <summary>The body has a known length.</summary>
    AfterLength,

    /// <summary>The body ends after its last chunk and trailers.</summary>
    AfterChunks,

    /// <summary>The body ends with the connection.</summary>
    AtClose,

    /// <summary>After this head the connection is no longer HTTP/1.1, or the end cannot be known.</summary>
    Never,
}

/// <summary>What the fields of a head say about the body after it.</summary>
internal struct BodyFraming
{
    /// <summary>Content-Length; null if there is none.</summary>
    public long? Length;

    /// <summary>Whether chunked is the last transfer coding.</summary>
    public bool IsChunked;

    /// <summary>Whether there is a transfer coding.</summary>
    public bool IsEncoded;

    /// <summary>Whether the client waits for permission to send the body (RFC 9110, 10.1.1).</summary>
    public bool ExpectsContinue;

    /// <summary>Why the peers can disagree about the end of the message; null if they cannot.</summary>
    public string? Fault;

    // Whether the last field was one of those that count here.
    private bool _isLast;

    // "identity" is not a coding. Servers accepted it until RFC 7230; some still do, and others refuse it.
    private bool _isIdentity;

    private bool _hasBlank;

    /// <summary>Reads a field.</summary>
    /// <param name="name">Its name, up to the colon.</param>
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
        _hasBlank |= _isLast && trimmed.Length < name.Length;
        ExpectsContinue |= Ascii.EqualsIgnoreCase(trimmed, "expect"u8) && Ascii.EqualsIgnoreCase(value, "100-continue"u8);
    }

    /// <summary>The last field continues in a folded line, which servers treat differently.</summary>
    public void NoteFold()
    {
        if (_isLast)
            Fault ??= "Content-Length or Transfer-Encoding in a folded line";
    }

    /// <summary>Why servers can disagree about the end of a request, or refuse it (RFC 9112, 6.1 and 6.3); null if they cannot.</summary>
    /// <param name="version">The request's version.</param>
    public readonly string? DisputeOf(HttpVersion version) => this switch
    {
        { Fault: { } fault } => fault,
        // Some servers accept a blank before the colon, others skip the field; in a response it can be accepted (RFC 9112, 5.1).
        { _hasBlank: true } => "a blank between Content-Length or Transfer-Encoding and its colon in a request",
        { IsEncoded: true, Length: not null } => "Content-Length and Transfer-Encoding in one request",
        { IsEncoded: true, IsChunked: false } => "Transfer-Encoding of a request that does not end in chunked",
        { IsEncoded: true } when version == HttpVersion.Http10 => "Transfer-Encoding in a request of HTTP/1.0",
        { _isIdentity: true, Length: > 0 } => "Transfer-Encoding: identity in a request with a body",
        _ => null,
    };

    /// <summary>How a request's body ends.</summary>
    public readonly BodyEnd OfRequest() => IsEncoded
        ? BodyEnd.AfterChunks
        : Length > 0 ? BodyEnd.AfterLength : BodyEnd.AtOnce;

    /// <summary>How a response's body ends, if its status allows a body.</summary>
    public readonly BodyEnd OfResponse() => IsEncoded
        ? IsChunked ? BodyEnd.AfterChunks : BodyEnd.AtClose
        : Length switch { null => BodyEnd.AtClose, 0 => BodyEnd.AtOnce, _ => BodyEnd.AfterLength };

    private void NoteLength(ReadOnlySpan<byte> value)
    {
        // Some proxies make one list of two fields with the same length (RFC 9112, 6.3).
        foreach (var range in value.Split((byte)','))
        {
            if (!TryParseLength(value[range].Trim(Ascii.Blanks), out var length))
            {
                Fault ??= "Content-Length that is no length";
                return;
            }

            if (Length is { } other && other != length)
            {
                Fault ??= "Content-Length of two values";
                return;
            }

            Length = length;
        }
    }

    private void NoteEncoding(ReadOnlySpan<byte> value)
    {
        var isIdentity = Ascii.EqualsIgnoreCase(value, "identity"u8);
        _isIdentity |= isIdentity;
        IsEncoded |= !isIdentity;
        var last = value[(value.LastIndexOf((byte)',') + 1)..].Trim(Ascii.Blanks);
        IsChunked = Ascii.EqualsIgnoreCase(last, "chunked"u8);
    }

    private static bool TryParseLength(ReadOnlySpan<byte> digits, out long length)
    {
        length = 0;
        if (digits.IsEmpty)
            return false;
        digits = digits.TrimStart((byte)'0');
        // 18 digits stay below 2^63.
        if (digits.Length > 18)
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
