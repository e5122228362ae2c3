using System.Buffers.Binary;
using System.Net;
using Chassis.Net;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Finds the sender of a line: its client's address, for IPv6 the first 64 bits.</summary>
internal static class LineClient
{
    // Before the address there are three numbers or a time, and no text of a peer; the address has at most 45 bytes, its scope and port.
    private const int LongestBeginning = 192;

    private const int V6Bytes = 16;

    /// <summary>The sender; 0 if the line has none.</summary>
    /// <param name="line">The line.</param>
    /// <param name="field">The characters before the address; empty if lines of this format have no sender.</param>
    public static UInt128 Of(ReadOnlySpan<byte> line, ReadOnlySpan<byte> field)
    {
        if (field.IsEmpty)
            return 0;
        line = line[..Math.Min(line.Length, LongestBeginning)];
        var at = line.IndexOf(field);
        if (at < 0)
            return 0;
        var text = line[(at + field.Length)..];
        var end = text.IndexOf((byte)'"');
        if (end < 0)
            return 0;
        if (IPAddress.TryParse(text[..end], out var address))
            return Key(NetworkAddress.Sharer(address));
        return IPEndPoint.TryParse(System.Text.Encoding.UTF8.GetString(text[..end]), out var endPoint) ? Key(NetworkAddress.Sharer(endPoint.Address)) : 0;
    }

    // With the address family, because an address can be all zeros.
    private static UInt128 Key(IPAddress sharer)
    {
        Span<byte> bytes = stackalloc byte[V6Bytes];
        sharer.TryWriteBytes(bytes, out _);
        return new UInt128(BinaryPrimitives.ReadUInt64BigEndian(bytes), (ulong)sharer.AddressFamily);
    }
}
