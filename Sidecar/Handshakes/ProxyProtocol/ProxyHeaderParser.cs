using System.Buffers;
using Oracle.Protocol;

namespace Sidecar.Handshakes.ProxyProtocol;

/// <summary>Reads a PROXY header of either version; the first byte tells them apart.</summary>
internal static class ProxyHeaderParser
{
    /// <summary>A <see cref="MessageParser{T}"/>: the header, or null if it names no client (LOCAL, UNKNOWN, no TCP over IP).</summary>
    public static ReadStatus Parse(ReadOnlySequence<byte> buffer, out SequencePosition consumed, out ProxyHeader? header)
    {
        (consumed, header) = (buffer.Start, null);
        Span<byte> start = stackalloc byte[ProxyHeaderV2.FixedLength];
        start = start[..(int)Math.Min(start.Length, buffer.Length)];
        buffer.Slice(0, start.Length).CopyTo(start);
        var length = 0;
        var status = MayBe(ProxyHeaderV2.Signature, start) ? ProxyHeaderV2.Parse(buffer, start, out length, out header)
            : MayBe(ProxyHeaderV1.Signature, start) ? ProxyHeaderV1.Parse(buffer, out length, out header)
            : ReadStatus.Malformed;
        if (status == ReadStatus.Complete)
            consumed = buffer.GetPosition(length);
        return status;
    }

    // A peer with another protocol is refused at the first wrong byte, without waiting for the rest of a signature.
    private static bool MayBe(ReadOnlySpan<byte> signature, ReadOnlySpan<byte> start) =>
        start.StartsWith(signature) || signature.StartsWith(start);
}
