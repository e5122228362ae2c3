using System.Runtime.InteropServices;

namespace Sidecar.Capture.PacketSockets;

/// <summary>
/// The kernel's filter of a packet socket, in classic BPF (Documentation/networking/filter.rst): TCP over IPv4 and IPv6, also
/// with a VLAN tag that the device has left in the packet, by the ports of servers, without bare acknowledgements and without the first of
/// the two copies on loopback. Packets begin behind the link's header.
/// </summary>
internal static class PacketFilterCode
{
    /// <summary>With more ports, jumps, which reach 255 instructions, would be too short.</summary>
    public const int MostPorts = 100;

    // linux/bpf_common.h
    private const ushort LoadWord = 0x20;
    private const ushort LoadHalf = 0x28;
    private const ushort LoadByte = 0x30;
    private const ushort LoadHalfAtX = 0x48;
    private const ushort LoadByteAtX = 0x50;
    private const ushort LoadHeaderLengthToX = 0xb1;
    private const ushort SetX = 0x01;
    private const ushort MoveToX = 0x07;
    private const ushort AddX = 0x0c;
    private const ushort And = 0x54;
    private const ushort ShiftRight = 0x74;
    private const ushort Jump = 0x05;
    private const ushort JumpIfEqual = 0x15;
    private const ushort JumpIfEqualX = 0x1d;
    private const ushort JumpIfSet = 0x45;
    private const ushort Return = 0x06;

    // linux/filter.h: what the kernel knows besides the bytes
    private const uint EtherType = unchecked((uint)-0x1000);
    private const uint PacketType = unchecked((uint)-0x1000 + 4);
    private const uint DeviceType = unchecked((uint)-0x1000 + 28);

    // linux/if_packet.h, if_arp.h, if_ether.h
    private const uint Outgoing = 4;
    private const uint Loopback = 772;
    private const uint V4 = 0x0800;
    private const uint V6 = 0x86DD;
    private const uint Vlan = 0x8100;
    private const uint ServiceVlan = 0x88A8;
    private const uint VlanTag = 4;

    private const uint Tcp = 6;
    private const uint FinSynRst = 7;
    private const uint Everything = uint.MaxValue;

    // Jumps to the two ends of a section, until it has them.
    private const byte Drop = 254;
    private const byte Accept = 255;

    /// <summary>The filter for ports of servers; all ports if there are none, or too many.</summary>
    public static Instruction[] For(IReadOnlyList<int> ports)
    {
        ports = ports.Count > MostPorts ? [] : ports;
        // A packet in has its inner tag before the IP header. One out begins with the IP header, although the kernel calls its type that of the tag.
        Instruction[] tagged =
        [
            new(LoadHalf, 2), .. If(V4, OfV4(VlanTag, ports)), .. If(V6, OfV6(VlanTag, ports)),
            new(LoadByte, 0), new(ShiftRight, 4), .. If(4, OfV4(0, ports)), .. If(6, OfV6(0, ports)), new(Return, 0),
        ];
        return
        [
            new(LoadWord, DeviceType), new(JumpIfEqual, Loopback, 0, 3),
            new(LoadWord, PacketType), new(JumpIfEqual, Outgoing, 0, 1), new(Return, 0),
            new(LoadWord, EtherType), .. If(V4, OfV4(0, ports)), .. If(V6, OfV6(0, ports)),
            new(JumpIfEqual, Vlan, 2, 0), new(JumpIfEqual, ServiceVlan, 1, 0), new(Jump, (uint)tagged.Length), .. tagged,
            new(Return, 0),
        ];
    }

    private static IEnumerable<Instruction> If(uint type, Instruction[] section) =>
        [new(JumpIfEqual, type, 1, 0), new(Jump, (uint)section.Length), .. section];

    private static Instruction[] OfV4(uint at, IReadOnlyList<int> ports) => Section(
    [
        new(LoadByte, at + 9), new(JumpIfEqual, Tcp, 0, Drop),
        // A later fragment has no header.
        new(LoadHalf, at + 6), new(JumpIfSet, 0x1FFF, Drop, 0),
        new(LoadHeaderLengthToX, at), .. Ports(at, ports),
        new(LoadByteAtX, at + 13), new(JumpIfSet, FinSynRst, Accept, 0),
        .. TcpHeaderLength(at), new(AddX, 0), new(MoveToX, 0), new(LoadHalf, at + 2), new(JumpIfEqualX, 0, Drop, Accept),
    ]);

    private static Instruction[] OfV6(uint at, IReadOnlyList<int> ports) => Section(
    [
        // Hop-by-hop, routing and destination options: the rare packets that have them are sorted out later.
        new(LoadByte, at + 6), new(JumpIfEqual, Tcp, 3, 0), new(JumpIfEqual, 0, Accept, 0), new(JumpIfEqual, 43, Accept, 0), new(JumpIfEqual, 60, Accept, Drop),
        new(SetX, 40), .. Ports(at, ports),
        new(LoadByteAtX, at + 13), new(JumpIfSet, FinSynRst, Accept, 0),
        .. TcpHeaderLength(at), new(MoveToX, 0), new(LoadHalf, at + 4), new(JumpIfEqualX, 0, Drop, Accept),
    ]);

    // X is the length of the IP header.
    private static IEnumerable<Instruction> Ports(uint at, IReadOnlyList<int> ports)
    {
        if (ports.Count == 0)
            return [];
        var left = 2 * ports.Count;
        return [new(LoadHalfAtX, at + 2), .. ports.Select(Equal), new(LoadHalfAtX, at), .. ports.Select(Equal), new(Return, 0)];

        // To behind the last one, over the load between both groups and the return at the end.
        Instruction Equal(int port) => new(JumpIfEqual, (uint)port, (byte)(left-- > ports.Count ? left + 2 : left + 1), 0);
    }

    private static IEnumerable<Instruction> TcpHeaderLength(uint at) => [new(LoadByteAtX, at + 12), new(ShiftRight, 2), new(And, 0x3C)];

    private static Instruction[] Section(Instruction[] body)
    {
        for (var i = 0; i < body.Length; i++)
            body[i] = body[i] with { IfTrue = Resolve(body[i].IfTrue, i), IfFalse = Resolve(body[i].IfFalse, i) };
        return [.. body, new(Return, 0), new(Return, Everything)];

        byte Resolve(byte jump, int at) => jump < Drop ? jump : (byte)(body.Length - at - 1 + jump - Drop);
    }

    /// <summary>An instruction: <c>struct sock_filter</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly struct Instruction(ushort code, uint value, byte ifTrue = 0, byte ifFalse = 0)
    {
        public ushort Code { get; } = code;

        public byte IfTrue { get; init; } = ifTrue;

        public byte IfFalse { get; init; } = ifFalse;

        public uint Value { get; } = value;
    }
}
