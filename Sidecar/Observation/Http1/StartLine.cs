namespace Sidecar.Observation.Http1;

/// <summary>The first line of a request or response.</summary>
internal static class StartLine
{
    private static readonly System.Buffers.SearchValues<byte> HexDigits = System.Buffers.SearchValues.Create("0123456789ABCDEFabcdef"u8);

    /// <summary>Reads it into the head; false if it is not HTTP/1.0 or 1.1.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, bool isRequest, MessageHead head) => isRequest ? TryReadRequest(line, head) : TryReadResponse(line, head);

    /// <summary>Reads method and target of a request line that is incomplete or wrong, as far as they are certain.</summary>
    public static void ReadPart(ReadOnlySpan<byte> line, MessageHead head)
    {
        head.Version = HttpVersion.Http11;
        var blank = line.IndexOf((byte)' ');
        if (blank <= 0 || !Ascii.IsToken(line[..blank]))
            return;
        var rest = line[(blank + 1)..];
        var end = rest.IndexOf((byte)' ');
        head.SetRequest(line[..blank], end < 0 ? rest : rest[..end]);
    }

    /// <summary>
    /// Whether a line begins with the digits of a chunk's size and a blank: it can be a chunk's size or a request's line.
    /// </summary>
    public static bool MayBeChunkSize(ReadOnlySpan<byte> line) =>
        line.IndexOf((byte)' ') is var blank and > 0 && !line[..blank].ContainsAnyExcept(HexDigits);

    private static bool TryReadRequest(ReadOnlySpan<byte> line, MessageHead head)
    {
        // A blank after the version is ignored (RFC 9112, 3).
        line = line.TrimEnd(Ascii.Blanks);
        var (first, last) = (line.IndexOf((byte)' '), line.LastIndexOf((byte)' '));
        // A target with a blank in it is wrong, but servers accept it.
        if (first <= 0 || last <= first + 1 || !Ascii.IsToken(line[..first]) || !TryReadVersion(line[(last + 1)..], head))
            return false;
        head.SetRequest(line[..first], line[(first + 1)..last].Trim(Ascii.Blanks));
        return true;
    }

    private static bool TryReadResponse(ReadOnlySpan<byte> line, MessageHead head)
    {
        // "HTTP/1.1 200 OK"; the reason is optional.
        if (line.Length < 12 || line[8] != ' ' || (line.Length > 12 && line[12] != ' ') || !TryReadVersion(line[..8], head))
            return false;
        var status = 0;
        foreach (var digit in line[9..12])
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return false;
            status = (10 * status) + (digit - '0');
        }

        head.Status = status;
        return status >= 100;
    }

    private static bool TryReadVersion(ReadOnlySpan<byte> text, MessageHead head)
    {
        if (text.SequenceEqual("HTTP/1.1"u8))
            head.Version = HttpVersion.Http11;
        else if (text.SequenceEqual("HTTP/1.0"u8))
            head.Version = HttpVersion.Http10;
        else
            return false;
        return true;
    }
}
