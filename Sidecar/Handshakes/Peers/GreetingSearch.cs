using System.Buffers;
using Oracle.Protocol;

namespace Sidecar.Handshakes.Peers;

/// <summary>Tells a greeting from the first bytes of a plain client, and leaves all bytes in the pipe.</summary>
internal static class GreetingSearch
{
    /// <summary>A parser for <see cref="MessageReader"/>: the message is whether a greeting begins.</summary>
    public static readonly MessageParser<bool> Parse = Look;

    private static ReadStatus Look(ReadOnlySequence<byte> buffer, out SequencePosition consumed, out bool isGreeting)
    {
        consumed = buffer.Start;
        Span<byte> first = stackalloc byte[PeerGreeting.Start.Length];
        first = first[..(int)Math.Min(first.Length, buffer.Length)];
        buffer.Slice(0, first.Length).CopyTo(first);
        isGreeting = first.SequenceEqual(PeerGreeting.Start);
        return isGreeting || !PeerGreeting.Start.StartsWith(first) ? ReadStatus.Complete : ReadStatus.Incomplete;
    }
}
