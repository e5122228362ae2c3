namespace Sidecar.Observation;

/// <summary>What the first bytes of a connection say of its protocol.</summary>
internal enum DetectedProtocol
{
    /// <summary>More bytes are needed.</summary>
    Undecided,

    /// <summary>HTTP/1.0 or 1.1.</summary>
    Http1,

    /// <summary>HTTP/2 with prior knowledge.</summary>
    Http2,

    /// <summary>None that can be observed.</summary>
    Unknown,
}

/// <summary>Finds a connection's protocol out from the first bytes of either side. Whoever speaks first decides.</summary>
internal static class ProtocolDetection
{
    /// <summary>After so many bytes of one side there is a decision: the length of HTTP/2's preface.</summary>
    public const int Enough = 24;

    // A frame's header (RFC 9113, 4.1).
    private const int FrameHeader = 9;
    private const byte SettingsFrame = 4;
    private const int SettingLength = 6;

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>By what the client sent first.</summary>
    public static DetectedProtocol OfClient(ReadOnlySpan<byte> first)
    {
        // No more is looked at, or a decision would depend on how the bytes come.
        first = first[..Math.Min(first.Length, Enough)];
        var common = first.CommonPrefixLength(Preface);
        if (common == Preface.Length)
            return DetectedProtocol.Http2;
        if (common == first.Length)
            return DetectedProtocol.Undecided;
        // Empty lines before a request are overlooked (RFC 9112, 2.2).
        var line = first.TrimStart("\r\n"u8);
        var blank = line.IndexOf((byte)' ');
        var method = blank < 0 ? line : line[..blank];
        if (blank == 0 || (!method.IsEmpty && !Ascii.IsToken(method)))
            return DetectedProtocol.Unknown;
        return blank > 0 ? DetectedProtocol.Http1 : first.Length < Enough ? DetectedProtocol.Undecided : DetectedProtocol.Unknown;
    }

    /// <summary>By what the server sent before the client has decided: HTTP/2 servers need not wait with their settings (RFC 9113, 3.4).</summary>
    public static DetectedProtocol OfServer(ReadOnlySpan<byte> first)
    {
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
