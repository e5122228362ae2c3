using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Packets;

/// <summary>One end of a TCP connection.</summary>
/// <param name="Address">The IPv6 address; an IPv4 address is mapped (RFC 4291, 2.5.5.2).</param>
/// <param name="Port">The port.</param>
public readonly record struct TcpEnd(UInt128 Address, ushort Port)
{
    private const int V4Bits = 32;
    private const int V6Bytes = 16;

    /// <summary>The end at an address and port.</summary>
    public static TcpEnd Of(IPEndPoint end)
    {
        Span<byte> bytes = stackalloc byte[V6Bytes];
        _ = end.Address.TryWriteBytes(bytes, out _);
        var address = end.AddressFamily == AddressFamily.InterNetwork
            ? Mapped(BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return new TcpEnd(address, (ushort)end.Port);
    }

    /// <summary>Address and port; an IPv4 address as such.</summary>
    public IPEndPoint ToIPEndPoint()
    {
        Span<byte> bytes = stackalloc byte[V6Bytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Address);
        return new IPEndPoint(new IPAddress(Address >> V4Bits == 0xFFFF ? bytes[^4..] : bytes), Port);
    }

    /// <summary>As <see cref="IPEndPoint"/> shows it.</summary>
    public override string ToString() => ToIPEndPoint().ToString();

    /// <summary>Whether it is before another one, in an order that means nothing.</summary>
    internal bool IsBefore(TcpEnd other) => Address == other.Address ? Port < other.Port : Address < other.Address;

    internal static UInt128 Mapped(uint address) => new(0, (0xFFFFUL << V4Bits) | address);
}
