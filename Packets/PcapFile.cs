using System.Buffers.Binary;

namespace Packets;

/// <summary>A packet of a capture.</summary>
/// <param name="Time">Its time.</param>
/// <param name="Bytes">Its Ethernet frame, as far as it was captured.</param>
public readonly record struct CapturedFrame(DateTimeOffset Time, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// Reads a file in the pcap format (draft-ietf-opsawg-pcap), as tcpdump writes it on this machine: Ethernet, native byte order.
/// </summary>
public static class PcapFile
{
    private const uint Microseconds = 0xA1B2C3D4;
    private const uint Nanoseconds = 0xA1B23C4D;
    private const uint Ethernet = 1;
    private const int FileHeader = 24;
    private const int PacketHeader = 16;

    /// <summary>The frames, in the order in which they came. A frame that is still being written is left out.</summary>
    /// <exception cref="FormatException">The file has another format.</exception>
    public static IEnumerable<CapturedFrame> Frames(ReadOnlyMemory<byte> file)
    {
        if (file.Length < FileHeader)
            return [];
        if (Word(file, 0) is not (Microseconds or Nanoseconds))
            throw new FormatException("no pcap file in this machine's byte order");
        // The upper bits are about frame check sequences.
        return (Word(file, 20) & 0xFFFF) == Ethernet
            ? Packets(file[FileHeader..], Word(file, 0) == Nanoseconds)
            : throw new FormatException("a capture of something else than Ethernet frames");
    }

    // The second word of a packet is the fraction of a second.
    private static IEnumerable<CapturedFrame> Packets(ReadOnlyMemory<byte> rest, bool hasNanoseconds)
    {
        while (rest.Length >= PacketHeader && Word(rest, 8) <= (uint)(rest.Length - PacketHeader))
        {
            var length = (int)Word(rest, 8);
            var ticks = hasNanoseconds ? Word(rest, 4) / TimeSpan.NanosecondsPerTick : Word(rest, 4) * TimeSpan.TicksPerMicrosecond;
            yield return new CapturedFrame(DateTimeOffset.UnixEpoch.AddSeconds(Word(rest, 0)).AddTicks(ticks), rest.Slice(PacketHeader, length));
            rest = rest[(PacketHeader + length)..];
        }
    }

    private static uint Word(ReadOnlyMemory<byte> bytes, int at) => BitConverter.IsLittleEndian
        ? BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[at..])
        : BinaryPrimitives.ReadUInt32BigEndian(bytes.Span[at..]);
}
