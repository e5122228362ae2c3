using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using Oracle.Protocol;

namespace Sidecar.Handshakes.ProxyProtocol;

/// <summary>
/// Version 2: signature (12), version and command (1), family and protocol (1), length of the rest (2), then source
/// and destination address, their ports, and TLVs.
/// </summary>
internal static class ProxyHeaderV2
{
    /// <summary>The part that every header has.</summary>
    public const int FixedLength = 16;

    /// <summary>
    /// Most bytes of a header, with TLVs; its length field allows 65,551. nginx has the same limit (NGX_PROXY_PROTOCOL_MAX_HEADER).
    /// </summary>
    public const int MaxLength = 4096;

    // proxy-protocol.txt section 2.2: the high half of the 13th byte is the version, the low half the command.
    private const byte Local = 0x20;
    private const byte Proxy = 0x21;

    // The 14th byte: address family in the high half, transport protocol in the low half.
    private const byte TcpV4 = 0x11;
    private const byte TcpV6 = 0x21;

    public static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <param name="buffer">All bytes that have come.</param>
    /// <param name="start">Its first <see cref="FixedLength"/> bytes, or fewer if fewer have come.</param>
    /// <param name="length">The header's length, if complete.</param>
    /// <param name="header">The header, if complete; null if it names no client.</param>
    public static ReadStatus Parse(ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> start, out int length, out ProxyHeader? header)
    {
        (length, header) = (0, null);
        if (start.Length < FixedLength)
            return ReadStatus.Incomplete;
        var (command, family) = (start[12], start[13]);
        length = FixedLength + BinaryPrimitives.ReadUInt16BigEndian(start[14..]);
        // The family and addresses of a LOCAL header have no meaning and are not read.
        if (command is not (Local or Proxy) || (command == Proxy && AddressLengthOf(family) > length - FixedLength))
            return ReadStatus.Malformed;
        if (length > MaxLength)
            return ReadStatus.TooLong;
        if (buffer.Length < length)
            return ReadStatus.Incomplete;
        if (command == Local || family == 0)
            return ReadStatus.Complete;

        Span<byte> bytes = stackalloc byte[length];
        buffer.Slice(0, length).CopyTo(bytes);
        var addresses = bytes.Slice(FixedLength, AddressLengthOf(family));
        if (!ProxyTlvs.AreSound(bytes, FixedLength + addresses.Length))
            return ReadStatus.Malformed;
        header = family is TcpV4 or TcpV6 ? ReadAddresses(addresses, (addresses.Length - 4) / 2) : null;
        return ReadStatus.Complete;
    }

    public static void Write(IBufferWriter<byte> output, ProxyHeader header)
    {
        var addressLength = header.IsV4 ? 4 : 16;
        var following = 2 * (addressLength + 2);
        var length = FixedLength + following;
        var bytes = output.GetSpan(length)[..length];
        Signature.CopyTo(bytes);
        (bytes[12], bytes[13]) = (Proxy, header.IsV4 ? TcpV4 : TcpV6);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[14..], (ushort)following);
        var rest = bytes[FixedLength..];
        BytesOf(header.Source.Address, header.IsV4).CopyTo(rest);
        BytesOf(header.Destination.Address, header.IsV4).CopyTo(rest[addressLength..]);
        BinaryPrimitives.WriteUInt16BigEndian(rest[(2 * addressLength)..], (ushort)header.Source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(rest[((2 * addressLength) + 2)..], (ushort)header.Destination.Port);
        output.Advance(length);
    }

    // Every other value must be refused: the length of its addresses is unknown.
    private static int AddressLengthOf(byte family) => family switch
    {
        0x00 => 0,
        // TCP or UDP over IPv4, over IPv6, and a stream or datagrams of a UNIX socket with two paths of 108 bytes.
        0x11 or 0x12 => 12,
        0x21 or 0x22 => 36,
        0x31 or 0x32 => 216,
        _ => int.MaxValue,
    };

    private static ProxyHeader ReadAddresses(ReadOnlySpan<byte> block, int addressLength)
    {
        var ports = block[(2 * addressLength)..];
        return ProxyHeader.Of(
            new IPEndPoint(new IPAddress(block[..addressLength]), BinaryPrimitives.ReadUInt16BigEndian(ports)),
            new IPEndPoint(new IPAddress(block.Slice(addressLength, addressLength)), BinaryPrimitives.ReadUInt16BigEndian(ports[2..])));
    }

    private static byte[] BytesOf(IPAddress address, bool isV4) => (isV4 ? address : address.MapToIPv6()).GetAddressBytes();
}
