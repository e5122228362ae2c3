using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Chassis.Net;

namespace Sidecar.Net;

/// <summary>The kernel's form of an address: sockaddr_in and sockaddr_in6 on Linux.</summary>
internal static class KernelAddress
{
    // linux/in.h, linux/in6.h
    public const int MaxLength = V6Length;
    private const int V4Length = 16;
    private const int V6Length = 28;
    private const ushort V4 = 2;
    private const ushort V6 = 10;

    /// <summary>Reads an address, a v4-mapped one as IPv4; null if it is cut short or of another family.</summary>
    public static IPEndPoint? Read(ReadOnlySpan<byte> address)
    {
        if (address.Length < V4Length)
            return null;
        var family = MemoryMarshal.Read<ushort>(address);
        if (family != V4 && (family != V6 || address.Length < V6Length))
            return null;
        // After the port, a sockaddr_in6 has four bytes of flow label, sixteen of address and four of scope.
        var ip = family == V6
            ? new IPAddress(address.Slice(8, 16), MemoryMarshal.Read<uint>(address[24..]))
            : new IPAddress(address.Slice(4, 4));
        return new IPEndPoint(NetworkAddress.Canonical(ip), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
    }

    /// <summary>Writes an address into at least <see cref="MaxLength"/> bytes and returns its length.</summary>
    public static int Write(IPEndPoint endPoint, Span<byte> address)
    {
        var isV6 = endPoint.AddressFamily == AddressFamily.InterNetworkV6;
        address[..MaxLength].Clear();
        MemoryMarshal.Write(address, isV6 ? V6 : V4);
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)endPoint.Port);
        endPoint.Address.TryWriteBytes(address[(isV6 ? 8 : 4)..], out _);
        if (isV6)
            MemoryMarshal.Write(address[24..], (uint)endPoint.Address.ScopeId);
        return isV6 ? V6Length : V4Length;
    }
}
