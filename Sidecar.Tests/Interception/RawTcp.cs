using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>Sends a TCP packet that belongs to no connection (RFC 9293 section 3.1) and sees what comes back.</summary>
internal sealed class RawTcp : IDisposable
{
    private const byte Rst = 0x04, SynAck = 0x12;
    private const int HeaderLength = 20;

    private readonly Socket _socket;
    private readonly IPAddress _source;
    private readonly IPAddress _destination;

    public RawTcp(string space, IPAddress source, IPAddress destination)
    {
        (_source, _destination) = (source, destination);
        _socket = NamespaceThread.Run(space, user: 0, group: 0, () => new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Tcp));
        _socket.Bind(new IPEndPoint(source, 0));
    }

    /// <summary>Answers a SYN that nobody has sent.</summary>
    public void SendSynAck(ushort sourcePort, ushort destinationPort)
    {
        var header = new byte[HeaderLength];
        BinaryPrimitives.WriteUInt16BigEndian(header, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), destinationPort);
        header[12] = HeaderLength / 4 << 4;
        header[13] = SynAck;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(16), Checksum(header));
        _socket.SendTo(header, new IPEndPoint(_destination, 0));
    }

    /// <summary>Waits for a reset of a port.</summary>
    public async Task<bool> IsResetAsync(ushort port)
    {
        var packet = new byte[1500];
        while (true)
        {
            var length = await _socket.ReceiveAsync(packet, TestContext.Current.CancellationToken).AsTask().WaitAsync(SocketTalk.Limit);
            var tcp = packet.AsMemory((packet[0] & 15) * 4, length - ((packet[0] & 15) * 4));
            if (BinaryPrimitives.ReadUInt16BigEndian(tcp.Span[2..]) == port)
                return (tcp.Span[13] & Rst) != 0;
        }
    }

    public void Dispose() => _socket.Dispose();

    // Over the pseudo header (addresses, protocol, length) and the segment.
    private ushort Checksum(byte[] segment)
    {
        byte[] all = [.. _source.GetAddressBytes(), .. _destination.GetAddressBytes(), 0, 6, 0, (byte)segment.Length, .. segment];
        uint sum = 0;
        for (var i = 0; i < all.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(all.AsSpan(i));
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)~sum;
    }
}
