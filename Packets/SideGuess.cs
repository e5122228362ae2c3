using System.Buffers;

namespace Packets;

/// <summary>Which side of a connection is its client, from a segment in its midst.</summary>
internal static class SideGuess
{
    // "M-SEARCH" and "VERSION-CONTROL" are the longest methods that are registered.
    private const int LongestMethod = 32;

    // Characters of a token (RFC 9110, 5.6.2), without the small letters: ordinary text is no method.
    private static readonly SearchValues<byte> Method = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    /// <summary>Whether the sender of a segment is the client.</summary>
    public static bool IsOfClient(in TcpSegment segment)
    {
        if (segment.IsSyn)
            return !segment.IsAck;
        if (segment.Payload.StartsWith("HTTP/1."u8))
            return false;
        var start = segment.Payload[..Math.Min(LongestMethod, segment.Payload.Length)];
        return start.IndexOfAnyExcept(Method) is > 0 and var end && start[end] == ' ' || segment.From.Port >= segment.To.Port;
    }
}
