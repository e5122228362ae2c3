using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Sidecar.Capture.Ebpf;

/// <summary>A network as the kernel's tree of prefixes has it, IPv4 mapped to IPv6. <c>struct prefix</c> of capture.bpf.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct KernelNetwork
{
    private const int MappedBits = 96;

    // The family, before the address.
    private const int FamilyBits = 32;

    private readonly int _length;
    private readonly uint _isV6;
    private readonly uint _first;
    private readonly uint _second;
    private readonly uint _third;
    private readonly uint _fourth;

    public KernelNetwork(IPNetwork network)
    {
        var isV4 = network.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
        (_length, _isV6) = (FamilyBits + network.PrefixLength + (isV4 ? MappedBits : 0), isV4 ? 0u : 1u);
        Span<uint> words = stackalloc uint[4];
        (isV4 ? network.BaseAddress.MapToIPv6() : network.BaseAddress).TryWriteBytes(MemoryMarshal.AsBytes(words), out _);
        (_first, _second, _third, _fourth) = (words[0], words[1], words[2], words[3]);
    }
}
