using System.Buffers.Binary;
using System.Net;
using Chassis.Net;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Finds the sender of a line of the format <c>perisco</c>: its client's address, for IPv6 its first 64 bits.</summary>
internal static class PeriscoSender
{
    // Before the address there are three numbers and no text of a peer; the address has at most 45 bytes and its scope.
    private const int LongestBeginning = 192;

    private const int V6Bytes = 16;

    private static ReadOnlySpan<byte> Field => "\"ip\":{\"client\":\""u8;

    /// <summary>The sender; 0 if the line has none.</summary>
    public static UInt128 Of(ReadOnlySpan<byte> line)
    {
        line = line[..Math.Min(line.Length, LongestBeginning)];
        var at = line.IndexOf(Field);
        if (at < 0)
            return 0;
        var text = line[(at + Field.Length)..];
        var end = text.IndexOf((byte)'"');
        return end >= 0 && IPAddress.TryParse(text[..end], out var address) ? Key(NetworkAddress.Sharer(address)) : 0;
    }

    // With the address family, because an address can be all zeros.
    private static UInt128 Key(IPAddress sharer)
    {
        Span<byte> bytes = stackalloc byte[V6Bytes];
        sharer.TryWriteBytes(bytes, out _);
        return new UInt128(BinaryPrimitives.ReadUInt64BigEndian(bytes), (ulong)sharer.AddressFamily);
    }
}
