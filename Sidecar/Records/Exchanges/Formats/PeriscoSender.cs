using System.Buffers.Binary;
using System.Net;
using Chassis.Net;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Who sent a line of the format <c>perisco</c>: its client's address, of an IPv6 one the first 64 bits.</summary>
internal static class PeriscoSender
{
    // Before it stand three numbers and nothing that a peer chose; behind it an address of at most 45 bytes and its scope.
    private const int LongestBeginning = 192;

    private const int V6Bytes = 16;

    private static ReadOnlySpan<byte> Field => "\"ip\":{\"client\":\""u8;

    /// <summary>0 where the line does not say.</summary>
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

    // The family beside it: an address may be all zeros.
    private static UInt128 Key(IPAddress sharer)
    {
        Span<byte> bytes = stackalloc byte[V6Bytes];
        sharer.TryWriteBytes(bytes, out _);
        return new UInt128(BinaryPrimitives.ReadUInt64BigEndian(bytes), (ulong)sharer.AddressFamily);
    }
}
