using System.Buffers.Binary;

namespace Demo.Transparent.Capture;

/// <summary>Reads a file in the pcap format (draft-ietf-opsawg-pcap), as tcpdump writes it on this machine: Ethernet, own byte order.</summary>
internal static class PcapFile
{
    private const uint Microseconds = 0xA1B2C3D4;
    private const uint Nanoseconds = 0xA1B23C4D;
    private const uint Ethernet = 1;
    private const int FileHeader = 24;
    private const int PacketHeader = 16;

    /// <summary>The frames, in the order of their coming. One that is still being written is left out.</summary>
    /// <exception cref="FormatException">It is another kind of file.</exception>
    public static IEnumerable<ReadOnlyMemory<byte>> Frames(ReadOnlyMemory<byte> file)
    {
        if (file.Length < FileHeader)
            return [];
        if (Word(file, 0) is not (Microseconds or Nanoseconds))
            throw new FormatException("no pcap file in this machine's byte order");
        // The upper bits tell of frame check sequences.
        return (Word(file, 20) & 0xFFFF) == Ethernet ? Packets(file[FileHeader..]) : throw new FormatException("a capture of something else than Ethernet frames");
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Packets(ReadOnlyMemory<byte> rest)
    {
        while (rest.Length >= PacketHeader && Word(rest, 8) <= (uint)(rest.Length - PacketHeader))
        {
            var length = (int)Word(rest, 8);
            yield return rest.Slice(PacketHeader, length);
            rest = rest[(PacketHeader + length)..];
        }
    }

    private static uint Word(ReadOnlyMemory<byte> bytes, int at) => BitConverter.IsLittleEndian
        ? BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[at..])
        : BinaryPrimitives.ReadUInt32BigEndian(bytes.Span[at..]);
}
