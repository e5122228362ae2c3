using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Tests.Packets;

/// <summary>Writes frames as a capture holds them, from the standards' diagrams.</summary>
internal static class Frames
{
    public const byte Fin = 0x01;
    public const byte Syn = 0x02;
    public const byte Rst = 0x04;
    public const byte Ack = 0x10;

    /// <summary>When the first frame of a file passes, in seconds since 1970.</summary>
    public const int Epoch = 1_700_000_000;

    /// <summary>An Ethernet frame with a TCP segment.</summary>
    /// <param name="from">Its source.</param>
    /// <param name="to">Its destination, of the same family.</param>
    /// <param name="sequence">The first byte's number.</param>
    /// <param name="flags">The TCP flags.</param>
    /// <param name="payload">The bytes.</param>
    /// <param name="options">Words of options in the TCP header and, for IPv4, in the IP header too.</param>
    /// <param name="acknowledgement">The number of the byte that is expected next.</param>
    public static byte[] Frame(IPEndPoint from, IPEndPoint to, uint sequence, byte flags, byte[] payload, int options = 0, uint acknowledgement = 0)
    {
        var tcp = new byte[20 + (4 * options) + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, (ushort)from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(2), (ushort)to.Port);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(8), acknowledgement);
        tcp[12] = (byte)((5 + options) << 4);
        tcp[13] = flags;
        payload.CopyTo(tcp, 20 + (4 * options));
        return from.AddressFamily == AddressFamily.InterNetwork ? Ethernet(0x0800, V4(from, to, tcp, options)) : Ethernet(0x86DD, V6(from, to, tcp));
    }

    private static byte[] Ethernet(ushort type, byte[] packet)
    {
        var frame = new byte[14 + packet.Length];
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), type);
        packet.CopyTo(frame, 14);
        return frame;
    }

    private static byte[] V4(IPEndPoint from, IPEndPoint to, byte[] tcp, int options)
    {
        var header = 20 + (4 * options);
        var packet = new byte[header + tcp.Length];
        packet[0] = (byte)(0x40 | (header / 4));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        packet[9] = 6;
        from.Address.GetAddressBytes().CopyTo(packet, 12);
        to.Address.GetAddressBytes().CopyTo(packet, 16);
        tcp.CopyTo(packet, header);
        return packet;
    }

    private static byte[] V6(IPEndPoint from, IPEndPoint to, byte[] tcp)
    {
        var packet = new byte[40 + tcp.Length];
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)tcp.Length);
        packet[6] = 6;
        from.Address.GetAddressBytes().CopyTo(packet, 8);
        to.Address.GetAddressBytes().CopyTo(packet, 24);
        tcp.CopyTo(packet, 40);
        return packet;
    }
}
