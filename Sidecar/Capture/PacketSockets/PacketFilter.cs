using System.Buffers.Binary;
using System.Net;

namespace Sidecar.Capture.PacketSockets;

/// <summary>What the kernel's filter of a packet socket leaves to this process: networks of servers, extension headers, many ports.</summary>
/// <param name="filter">What passes.</param>
internal sealed class PacketFilter(CaptureFilter filter)
{
    private const int V6Header = 40;
    private const int VlanTag = 4;
    private const byte Tcp = 6;
    private const byte Syn = 0x02;
    private const byte Ack = 0x10;

    private readonly HashSet<int> _ports = [.. filter.ServerPorts];
    private readonly bool _hasNetworks = filter.Included.Count + filter.Excluded.Count > 0;

    /// <summary>A packet without the tag of a virtual network that the device has left in it.</summary>
    public static ReadOnlySpan<byte> Untagged(ReadOnlySpan<byte> packet) => IsIp(packet) || packet.Length < VlanTag ? packet : packet[VlanTag..];

    /// <summary>Whether a packet, which starts with its IP header, passes.</summary>
    public bool Admits(ReadOnlySpan<byte> packet)
    {
        if (!IsIp(packet))
            return false;
        var isV6 = packet[0] >> 4 == 6;
        var at = isV6 ? TcpOfV6(packet) : (packet[0] & 0xF) * 4;
        if (at < 0 || packet.Length < at + 20)
            return false;
        if (_ports.Count == 0 && !_hasNetworks)
            return true;
        var tcp = packet[at..];
        var flags = tcp[13];
        // While it is unknown which end is the server, either could be.
        return ((flags & (Syn | Ack)) != (Syn | Ack) && AdmitsServer(isV6 ? packet.Slice(24, 16) : packet.Slice(16, 4), tcp[2..]))
            || ((flags & (Syn | Ack)) != Syn && AdmitsServer(isV6 ? packet.Slice(8, 16) : packet.Slice(12, 4), tcp));
    }

    private bool AdmitsServer(ReadOnlySpan<byte> address, ReadOnlySpan<byte> port)
    {
        if (_ports.Count > 0 && !_ports.Contains(BinaryPrimitives.ReadUInt16BigEndian(port)))
            return false;
        if (!_hasNetworks)
            return true;
        var server = new IPAddress(address);
        return (filter.Included.Count == 0 || filter.Included.Any(network => network.Contains(server))) && !filter.Excluded.Any(network => network.Contains(server));
    }

    // As the kernel's filter has let them through.
    private static bool IsIp(ReadOnlySpan<byte> packet) =>
        packet.Length >= 20 && (packet[0] >> 4) switch { 4 => packet[9] == Tcp, 6 => packet[6] is Tcp or 0 or 43 or 60, _ => false };

    // Where the TCP header begins; -1 if there is none.
    private static int TcpOfV6(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < V6Header)
            return -1;
        var (next, at) = (packet[6], V6Header);
        while (next is 0 or 43 or 60 && at + 1 < packet.Length)
            (next, at) = (packet[at], at + ((packet[at + 1] + 1) * 8));
        return next == Tcp ? at : -1;
    }
}
