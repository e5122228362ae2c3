using System.Buffers.Binary;
using System.Numerics;

namespace Sidecar.Handshakes.ProxyProtocol;

/// <summary>
/// The extensions after the addresses of a version 2 header: type (1), length (2), value. All but the checksum are ignored.
/// </summary>
internal static class ProxyTlvs
{
    // PP2_TYPE_CRC32C, proxy-protocol.txt section 2.2.3.
    private const byte Checksum = 0x03;
    private const int HeadLength = 3;

    /// <summary>Whether they end exactly where the header ends, and whether the checksum, if there is one, is the header's.</summary>
    /// <param name="header">The whole header; its checksum is zeroed.</param>
    /// <param name="offset">Where the first one starts.</param>
    public static bool AreSound(Span<byte> header, int offset)
    {
        uint? expected = null;
        while (offset < header.Length)
        {
            var left = header[offset..];
            if (left.Length < HeadLength)
                return false;
            var length = BinaryPrimitives.ReadUInt16BigEndian(left[1..]);
            if (length > left.Length - HeadLength)
                return false;
            var value = left.Slice(HeadLength, length);
            if (left[0] == Checksum)
            {
                if (length != sizeof(uint) || expected is not null)
                    return false;
                // The checksum is computed with zeros in its own place.
                expected = BinaryPrimitives.ReadUInt32BigEndian(value);
                value.Clear();
            }

            offset += HeadLength + length;
        }

        return expected is null || expected == Crc32C(header);
    }

    // RFC 4960 appendix B: starts with all ones and is inverted at the end.
    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
