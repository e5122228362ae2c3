using global::Packets;
using Xunit;

namespace Sidecar.Tests.Packets;

public sealed class CaptureReaderTests
{
    private const long Start = Frames.Epoch * 1_000_000_000L;

    private static readonly byte[][] Some = [[1, 2, 3], [], [4, 5, 6, 7, 8], new byte[100]];

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Pcap_OfEitherOrderAndResolution_IsRead(bool isBig, bool hasNanoseconds) => AreRead(WrittenCapture.Pcap(Some, isBig, hasNanoseconds));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PcapNg_OfEitherOrder_IsRead(bool isBig) => AreRead(WrittenCapture.PcapNg(Some, isBig));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Capture_CutAnywhere_GivesTheWholeFramesAndSaysSo(bool isPcapNg)
    {
        var file = isPcapNg ? WrittenCapture.PcapNg(Some) : WrittenCapture.Pcap(Some);
        var whole = ReadCapture.Of(file).Frames;
        var ends = 0;
        for (var length = 0; length <= file.Length; length++)
        {
            var cut = ReadCapture.Of(file[..length], 64, 7);
            Assert.Equal(whole.Take(cut.Frames.Count), cut.Frames);
            ends += cut.IsCut ? 0 : 1;
        }

        // A capture may end behind its header, a description or a packet.
        Assert.Equal((isPcapNg ? 2 : 1) + Some.Length, ends);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Capture_ThatGrows_IsReadAsFarAsItIsThere(bool isPcapNg)
    {
        var file = isPcapNg ? WrittenCapture.PcapNg(Some) : WrittenCapture.Pcap(Some);
        using var stream = new ChunkStream(file, int.MaxValue);
        var (reader, frames) = (new CaptureReader(stream, 16), new List<string>());
        for (stream.End = 0; stream.End <= file.Length; stream.End++)
        {
            while (reader.TryRead(out var frame))
                frames.Add(Convert.ToHexString(frame.Bytes));
        }

        Assert.False(reader.IsCut);
        Assert.Equal(Some.Select(Convert.ToHexString), frames);
    }

    [Fact]
    public void Capture_InPiecesOfAnySize_IsTheSame()
    {
        var file = Mixed();
        var whole = ReadCapture.Of(file);
        for (var chunk = 1; chunk <= 40; chunk++)
            Assert.Equal(whole.Frames, ReadCapture.Of(file, bufferBytes: chunk, chunk).Frames);
        Assert.Equal(7, whole.Frames.Count);
    }

    [Fact]
    public void PcapNg_OfManySections_HasTheInterfacesOfEach()
    {
        var frames = ReadCapture.Of(Mixed()).Frames;

        Assert.Equal(
            [
                new(LinkType.Ethernet, 5_000, 1500, "0102"), new(LinkType.Raw, 2_000_000_007, 3, "030303"), new(LinkType.Ethernet, 6_000, 4, "04"), new(LinkType.Ethernet, 6_000, 9, "05050505"),
                new(null, 500_000_000, 2, "0606"), new(LinkType.LinuxSll2, 0, 1, "07"), new(LinkType.LinuxSll2, long.MaxValue, 1, "08"),
            ],
            frames);
        Assert.Equal(1, ReadCapture.Of(Mixed()).Unknown);
    }

    [Theory]
    [InlineData(0x83, 3_000_000_000UL, 375_000_000_000_000_000)] // 2^-3
    [InlineData(0x00, 3, 3_000_000_000)]
    [InlineData(0x03, 3, 3_000_000)]
    [InlineData(0x09, 3, 3)]
    [InlineData(0x0C, 3_999, 3)]
    [InlineData(0x7F, ulong.MaxValue, 0)]
    [InlineData(0xFF, ulong.MaxValue, 0)]
    [InlineData(0x80, 2, 2_000_000_000)]
    [InlineData(0xBF, ulong.MaxValue, 1_999_999_999)] // 2^-63
    [InlineData(0x06, ulong.MaxValue, long.MaxValue)]
    public void Clock_OfAnyResolution_GivesNanoseconds(byte resolution, ulong timestamp, long expected) =>
        Assert.Equal(expected, new CaptureClock(resolution, 0).Nanoseconds(timestamp));

    [Theory]
    [InlineData(long.MinValue, 0)]
    [InlineData(-1, 500_000_000)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public void Clock_WithAnyOffset_GivesATimeThatThereIs(long offset, long expected) => Assert.Equal(expected, new CaptureClock(6, offset).Nanoseconds(1_500_000));

    [Theory]
    [InlineData("1F8B080000000000", "byte 0 of the capture: expected the magic number of pcap or pcapng, found a gzip file: unpack it first (gzip -d)")]
    [InlineData("28B52FFD00000000", "byte 0 of the capture: expected the magic number of pcap or pcapng, found a zstd file: unpack it first (zstd -d)")]
    [InlineData("04224D1800000000", "byte 0 of the capture: expected the magic number of pcap or pcapng, found an lz4 file: unpack it first (lz4 -d)")]
    [InlineData("FD377A585A000000", "byte 0 of the capture: expected the magic number of pcap or pcapng, found an xz file: unpack it first (xz -d)")]
    [InlineData("48656C6C6F", "byte 0 of the capture: expected the magic number of pcap or pcapng, found 0x48656C6C")]
    public void Capture_OfAnotherKind_IsRefused(string bytes, string message) => Assert.Equal(message, Refused(Convert.FromHexString(bytes)));

    [Fact]
    public void Garbage_IsRefusedWithItsPlace()
    {
        var pcap = WrittenCapture.Pcap(Some);
        Assert.Equal("byte 4 of the capture: expected version 2 of pcap, found 258", Refused([.. pcap[..5], 1, .. pcap[6..]]));
        Assert.Equal("byte 51 of the capture: expected a packet of at most 16,777,216 bytes, found 16,777,217", Refused([.. pcap[..51], 1, 0, 0, 1, .. pcap[55..]]));

        var section = new WrittenCapture().Section().Bytes;
        Assert.Equal("byte 8 of the capture: expected the byte order of a section, 0x1A2B3C4D either way, found 0x004D3C2B", Refused([.. section[..8], 0, .. section[8..]]));
        Assert.Equal("byte 4 of the capture: expected the length of a block, a multiple of 4 from 12 to 268,435,456, found 29", Refused([.. section[..4], 29, .. section[5..]]));
        Assert.Equal("byte 24 of the capture: expected the length of the block again, 28, found 27", Refused([.. section[..24], 27, .. section[25..], 0, 0, 0, 0]));
        Assert.Equal("byte 12 of the capture: expected version 1 of pcapng, found 2", Refused([.. section[..12], 2, .. section[13..]]));
        Assert.Equal(
            "byte 32 of the capture: expected the length of a block, a multiple of 4 from 12 to 268,435,456, found 268,435,460",
            Refused(new WrittenCapture().Section().Words(99, (256 << 20) + 4, 0).Bytes));
        Assert.Equal("byte 28 of the capture: expected the description of an interface, found a packet", Refused(new WrittenCapture().Section().Simple([1], 1).Bytes));
        Assert.Equal("byte 36 of the capture: expected one of 0 interfaces, found 0", Refused(new WrittenCapture().Section().Enhanced(0, 0, [1], 1).Bytes));
        Assert.Equal("byte 28 of the capture: expected a packet, found a block of 16 bytes, after 0 interfaces", Refused(new WrittenCapture().Section().Block(6, body => body.Words(0)).Bytes));

        var packet = new WrittenCapture().Section().Interface().Enhanced(0, 0, [1, 2, 3, 4], 4).Bytes;
        var at = packet.Length - 52 + 20;
        Assert.Equal($"byte {at} of the capture: expected a packet of at most 20 bytes, found 21", Refused([.. packet[..at], 21, .. packet[(at + 1)..]]));
    }

    // Both byte orders, all kinds of packets, options, unknown blocks and link types.
    private static byte[] Mixed() =>
    [
        .. new WrittenCapture().Section().Interface(resolution: 6, snapLength: 4).Interface(101, resolution: 9, offset: 2)
            .Enhanced(0, 5, [1, 2], 1500).Block(0xBAD, body => body.Words(1, 2, 3)).Enhanced(1, 7, [3, 3, 3], 3).Obsolete(0, 6, [4], 4).Simple([5, 5, 5, 5], 9).Bytes,
        .. new WrittenCapture(isBig: true).Section().Interface(147, resolution: 0x81).Interface(276, resolution: 6, offset: -5)
            .Enhanced(0, 1, [6, 6], 2).Enhanced(1, 5_000_000, [7], 1).Enhanced(1, ulong.MaxValue, [8], 1).Bytes,
    ];

    private static void AreRead(byte[] file)
    {
        var read = ReadCapture.Of(file);
        Assert.Equal(Some.Select((frame, at) => new ReadFrame(LinkType.Ethernet, Start + (1000 * at), frame.Length, Convert.ToHexString(frame))), read.Frames);
        Assert.False(read.IsCut);
    }

    private static string Refused(byte[] file) => Assert.Throws<FormatException>(() => ReadCapture.Of(file)).Message;
}
