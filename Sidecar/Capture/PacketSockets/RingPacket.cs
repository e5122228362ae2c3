using System.Runtime.InteropServices;

namespace Sidecar.Capture.PacketSockets;

/// <summary>The header of a packet in a ring: <c>struct tpacket3_hdr</c>, and the <c>struct sockaddr_ll</c> behind it.</summary>
[StructLayout(LayoutKind.Explicit)]
internal struct RingPacket
{
    /// <summary>Bytes to the next header.</summary>
    [FieldOffset(0)]
    public uint Next;

    [FieldOffset(4)]
    public uint Seconds;

    [FieldOffset(8)]
    public uint Nanoseconds;

    /// <summary>Bytes that are there.</summary>
    [FieldOffset(12)]
    public int Length;

    /// <summary>Bytes that were there.</summary>
    [FieldOffset(16)]
    public int WireLength;

    [FieldOffset(20)]
    public uint Status;

    /// <summary>Where the network's header begins.</summary>
    [FieldOffset(26)]
    public ushort Start;

    /// <summary>Whether it is for this machine, from it, or for another one.</summary>
    [FieldOffset(58)]
    public byte PacketType;
}
