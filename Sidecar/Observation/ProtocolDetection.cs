namespace Sidecar.Observation;

/// <summary>What the first bytes of a connection say about its protocol.</summary>
internal enum DetectedProtocol
{
    /// <summary>More bytes are needed.</summary>
    Undecided,

    /// <summary>HTTP/1.0 or 1.1.</summary>
    Http1,

    /// <summary>HTTP/2 with prior knowledge.</summary>
    Http2,

    /// <summary>A protocol that cannot be observed.</summary>
    Unknown,
}

/// <summary>Detects a connection's protocol from the first bytes of either side. The side that sends first decides.</summary>
internal static class ProtocolDetection
{
    /// <summary>After this number of bytes of one side there is a decision: the length of HTTP/2's preface.</summary>
    public const int Enough = 24;

    // A frame's header (RFC 9113, 4.1).
    private const int FrameHeader = 9;
    private const byte SettingsFrame = 4;
    private const int SettingLength = 6;

    private static ReadOnlySpan<byte> Http1Answer => "HTTP/1."u8;

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>The protocol by the client's first bytes.</summary>
    public static DetectedProtocol OfClient(ReadOnlySpan<byte> first)
    {
        // Further bytes must not count, or the decision would depend on the pieces in which the bytes come.
        first = first[..Math.Min(first.Length, Enough)];
        var common = first.CommonPrefixLength(Preface);
        if (common == Preface.Length)
            return DetectedProtocol.Http2;
        if (common == first.Length)
            return DetectedProtocol.Undecided;
        // Empty lines before a request are ignored (RFC 9112, 2.2).
        var line = first.TrimStart("\r\n"u8);
        var blank = line.IndexOf((byte)' ');
        var method = blank < 0 ? line : line[..blank];
        if (blank == 0 || (!method.IsEmpty && !Ascii.IsToken(method)))
            return DetectedProtocol.Unknown;
        return blank > 0 ? DetectedProtocol.Http1 : first.Length < Enough ? DetectedProtocol.Undecided : DetectedProtocol.Unknown;
    }

    /// <summary>
    /// The protocol by the server's bytes before the client has decided it. HTTP/2 servers need not wait with their settings (RFC 9113,
    /// 3.4), and HTTP/1 servers answer an idle client that they wait no longer (RFC 9110, 15.5.9).
    /// </summary>
    public static DetectedProtocol OfServer(ReadOnlySpan<byte> first)
    {
        var common = first.CommonPrefixLength(Http1Answer);
        if (common > 0 && common == Math.Min(first.Length, Http1Answer.Length))
            return common == Http1Answer.Length ? DetectedProtocol.Http1 : DetectedProtocol.Undecided;
        for (var i = 0; i < Math.Min(first.Length, FrameHeader); i++)
        {
            // Length, of 24 bits; type; flags; stream 0.
            var fits = i switch { 0 => first[0] == 0, 1 or 2 => true, 3 => first[i] == SettingsFrame, _ => first[i] == 0 };
            if (!fits)
                return DetectedProtocol.Unknown;
        }

        if (first.Length < FrameHeader)
            return DetectedProtocol.Undecided;
        return ((first[1] << 8) | first[2]) % SettingLength == 0 ? DetectedProtocol.Http2 : DetectedProtocol.Unknown;
    }
}
