using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Packets;

/// <summary>The checksum of TCP, over the segment and a part of the IP header (RFC 9293, 3.1).</summary>
internal static class TcpChecksum
{
    private const int Field = 16;
    private const int TcpProtocol = 6;

    /// <summary>
    /// Whether a segment was damaged on its way. A checksum that the network device fills in later is no sign of that: then the field has the
    /// sum of the IP header's part, with the length or without it, or nothing.
    /// </summary>
    /// <param name="from">The sender's address; IPv4 mapped to IPv6, which does not change the sum.</param>
    /// <param name="to">The receiver's.</param>
    /// <param name="segment">The whole segment.</param>
    public static bool IsWrong(UInt128 from, UInt128 to, ReadOnlySpan<byte> segment)
    {
        var field = BinaryPrimitives.ReadUInt16BigEndian(segment[Field..]);
        var addresses = Sum(from) + Sum(to) + TcpProtocol;
        var header = addresses + (ulong)segment.Length;
        return Fold(header + BigEndianSum(segment)) != ushort.MaxValue && field != 0 && field != Fold(header) && field != Fold(addresses);
    }

    private static ulong Sum(UInt128 address) => (uint)address + (uint)(address >> 32) + (ulong)(uint)(address >> 64) + (uint)(address >> 96);

    // The sum of the words in any order of bytes is that of the other order with its bytes swapped (RFC 1071).
    private static ushort BigEndianSum(ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, uint>(bytes);
        var sum = 0UL;
        foreach (var word in words)
            sum += word;
        Span<byte> rest = stackalloc byte[sizeof(uint)];
        rest.Clear();
        bytes[(words.Length * sizeof(uint))..].CopyTo(rest);
        var folded = Fold(sum + MemoryMarshal.Read<uint>(rest));
        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(folded) : folded;
    }

    private static ushort Fold(ulong sum)
    {
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)sum;
    }
}
