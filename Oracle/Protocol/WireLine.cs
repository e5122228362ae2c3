using System.Buffers;
using System.Text;

namespace Oracle.Protocol;

/// <summary>Lines of the wire protocol: visible ASCII and spaces, ended by LF; a CR before the LF is tolerated.</summary>
public static class WireLine
{
    /// <summary>Longest line between sidecars, in bytes without its end.</summary>
    public const int MaxPeerBytes = 128;

    /// <summary>Longest line to and from the Oracle in dialect v1, in bytes without its end.</summary>
    public const int MaxOracleBytes = 512;

    /// <summary>How long either side waits for a line.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(3);

    /// <summary>A parser of lines up to <paramref name="maxBytes"/> for <see cref="MessageReader"/>.</summary>
    public static MessageParser<string> Parser(int maxBytes) => (buffer, out consumed, out line) => Parse(buffer, maxBytes, out consumed, out line);

    /// <summary>The bytes of a line, with its end.</summary>
    public static byte[] Encode(string line) => Encoding.ASCII.GetBytes(line + "\n");

    /// <summary>The words of a line; several spaces count as one.</summary>
    public static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    internal static ReadStatus Parse(ReadOnlySequence<byte> buffer, int maxBytes, out SequencePosition consumed, out string line)
    {
        line = "";
        consumed = buffer.Start;
        // Two more for CR and LF; bytes after them are not examined.
        var head = buffer.Slice(0, Math.Min(buffer.Length, maxBytes + 2));
        if (head.PositionOf((byte)'\n') is not { } end)
            return head.Length > maxBytes + 1 || (head.Length > maxBytes && Last(head) != '\r') ? ReadStatus.TooLong : ReadStatus.Incomplete;
        consumed = buffer.GetPosition(1, end);
        var text = Encoding.Latin1.GetString(head.Slice(0, end));
        line = text.EndsWith('\r') ? text[..^1] : text;
        if (line.Length > maxBytes)
            return ReadStatus.TooLong;
        return line.AsSpan().ContainsAnyExceptInRange(' ', '~') ? ReadStatus.Malformed : ReadStatus.Complete;
    }

    private static byte Last(ReadOnlySequence<byte> bytes) => bytes.Slice(bytes.Length - 1).FirstSpan[0];
}
