using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidecar.Capture.Ebpf;

/// <summary>Both ends of a connection, the one with the lower port first; IPv4 addresses are mapped to IPv6. <c>struct key</c> of capture.bpf.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct ConnectionKey
{
    private readonly Address _low;
    private readonly Address _high;
    private readonly ushort _lowPort;
    private readonly ushort _highPort;

    // The kernel compares these bytes too.
    private readonly uint _padding;

    private ConnectionKey(Address low, Address high, int lowPort, int highPort) =>
        (_low, _high, _lowPort, _highPort, _padding) = (low, high, (ushort)lowPort, (ushort)highPort, 0);

    /// <summary>The connection between two ends, in either order.</summary>
    public static ConnectionKey Of(IPEndPoint one, IPEndPoint other)
    {
        var (first, second) = (Address.Of(one.Address), Address.Of(other.Address));
        var isOrdered = one.Port != other.Port ? one.Port < other.Port : first[0] != second[0] ? first[0] < second[0] : first[1] <= second[1];
        return isOrdered
            ? new(first, second, one.Port, other.Port)
            : new(second, first, other.Port, one.Port);
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
