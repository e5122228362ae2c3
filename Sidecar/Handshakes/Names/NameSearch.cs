using System.Buffers;
using Oracle.Protocol;

namespace Sidecar.Handshakes.Names;

/// <summary>Finds the host name in the first bytes of a client, of TLS or HTTP/1, and leaves all bytes in the pipe.</summary>
internal static class NameSearch
{
    /// <summary>Most bytes that are looked at, and so held back; as in Envoy's inspector of TLS. What does not fit has no name.</summary>
    public const int MaxBytes = 16 * 1024;

    /// <summary>A parser for <see cref="MessageReader"/>: the message is the name, or null if the client has none.</summary>
    public static readonly MessageParser<string?> Parse = Look;

    private static ReadStatus Look(ReadOnlySequence<byte> buffer, out SequencePosition consumed, out string? name)
    {
        (consumed, name) = (buffer.Start, null);
        if (buffer.IsEmpty)
            return ReadStatus.Incomplete;
        Span<byte> first = stackalloc byte[(int)Math.Min(buffer.Length, MaxBytes)];
        buffer.Slice(0, first.Length).CopyTo(first);
        var status = first[0] == ClientHelloName.HandshakeRecord ? ClientHelloName.Find(first, out name) : HttpHostName.Find(first, out name);
        return first.Length == MaxBytes ? ReadStatus.Complete : status;
    }
}
