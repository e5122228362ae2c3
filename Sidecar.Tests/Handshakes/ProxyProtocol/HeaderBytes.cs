using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using Oracle.Protocol;
using Sidecar.Handshakes.ProxyProtocol;
using Sidecar.Options;
using Sidecar.Tests.Support;

namespace Sidecar.Tests.Handshakes.ProxyProtocol;

/// <summary>PROXY headers put together byte by byte from the specification, not by the writer under test.</summary>
internal static class HeaderBytes
{
    public static readonly byte[] Signature = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    /// <summary>10.0.0.1:4000 to 10.0.0.2:80.</summary>
    public static readonly byte[] AddressesV4 = [10, 0, 0, 1, 10, 0, 0, 2, 0x0F, 0xA0, 0, 80];

    /// <summary>[fd00::1]:4000 to [fd00::2]:80.</summary>
    public static readonly byte[] AddressesV6 =
        [0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x0F, 0xA0, 0, 80];

    public static readonly ProxyHeader V4 = new(IPEndPoint.Parse("10.0.0.1:4000"), IPEndPoint.Parse("10.0.0.2:80"));

    public static readonly ProxyHeader V6 = new(IPEndPoint.Parse("[fd00::1]:4000"), IPEndPoint.Parse("[fd00::2]:80"));

    /// <summary>A version 2 header with the right length field.</summary>
    public static byte[] V2(byte command, byte family, params byte[] rest) => [.. Signature, command, family, (byte)(rest.Length >> 8), (byte)rest.Length, .. rest];

    /// <summary>An extension: type, length, value.</summary>
    public static byte[] Tlv(byte type, params byte[] value) => [type, (byte)(value.Length >> 8), (byte)value.Length, .. value];

    /// <summary>Fills in the checksum of a header; its last extension must be a checksum with the value zero.</summary>
    public static byte[] WithChecksum(byte[] header)
    {
        byte[] signed = [.. header];
        BinaryPrimitives.WriteUInt32BigEndian(signed.AsSpan(signed.Length - 4), Crc32C(signed));
        return signed;
    }

    /// <summary>CRC32c bit by bit: the reversed Castagnoli polynomial (RFC 4960 appendix B).</summary>
    public static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        }

        return ~crc;
    }

    public static byte[] Written(ProxyHeader header, ProxyVersion version)
    {
        var output = new ArrayBufferWriter<byte>();
        header.WriteTo(output, version);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Parses bytes that come in parts; the count is what the parser took.</summary>
    public static (ReadStatus Status, long Consumed, ProxyHeader? Header) Parse(params IEnumerable<ReadOnlyMemory<byte>> parts)
    {
        var buffer = Bytes.Segmented(parts);
        var status = ProxyHeaderParser.Parse(buffer, out var consumed, out var header);
        return (status, buffer.Slice(buffer.Start, consumed).Length, header);
    }
}
