using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidecar.Capture.Ebpf;

/// <summary>Both ends of a connection, the one with the lower port first; IPv4 addresses are mapped to IPv6. <c>struct key</c> of capture.bpf.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct ConnectionKey
{
    private readonly ulong _network;
    private readonly Address _low;
    private readonly Address _high;
    private readonly ushort _lowPort;
    private readonly ushort _highPort;

    // The kernel compares these bytes too.
    private readonly uint _padding;

    private ConnectionKey(ulong network, Address low, Address high, int lowPort, int highPort) =>
        (_network, _low, _high, _lowPort, _highPort, _padding) = (network, low, high, (ushort)lowPort, (ushort)highPort, 0);

    /// <summary>The connection between two ends, in either order.</summary>
    /// <param name="one">One end.</param>
    /// <param name="other">The other end.</param>
    /// <param name="network">Their network namespace; 0 if it is not known.</param>
    public static ConnectionKey Of(IPEndPoint one, IPEndPoint other, ulong network)
    {
        var (first, second) = (Address.Of(one.Address), Address.Of(other.Address));
        var isOrdered = one.Port != other.Port ? one.Port < other.Port : first[0] != second[0] ? first[0] < second[0] : first[1] <= second[1];
        return isOrdered
            ? new(network, first, second, one.Port, other.Port)
            : new(network, second, first, other.Port, one.Port);
    }

    // Compared as numbers of this machine, as the kernel's program does.
    [InlineArray(2)]
    private struct Address
    {
        private ulong _half;

        public static Address Of(IPAddress address)
        {
            Address both = default;
            (address.AddressFamily == AddressFamily.InterNetwork ? address.MapToIPv6() : address).TryWriteBytes(MemoryMarshal.AsBytes((Span<ulong>)both), out _);
            return both;
        }
    }
}
