using System.Net;
using global::Packets;
using Xunit;
using static Sidecar.Tests.Packets.Frames;

namespace Sidecar.Tests.Packets;

public sealed class CaptureReadingTests
{
    private static readonly IPEndPoint Client = IPEndPoint.Parse("10.0.0.2:40000");
    private static readonly IPEndPoint Server = IPEndPoint.Parse("10.0.0.3:9000");

    [Theory]
    [InlineData("10.0.0.2:40000", "10.0.0.3:9000", 0)]
    [InlineData("10.0.0.2:40000", "10.0.0.3:9000", 3)]
    [InlineData("[fd00::2]:40000", "[fd00::3]:9000", 0)]
    [InlineData("[fd00::2]:40000", "[fd00::3]:9000", 8)]
    public void Segment_OfEitherFamily_IsRead(string from, string to, int options)
    {
        var segment = Read(Frame(IPEndPoint.Parse(from), IPEndPoint.Parse(to), 0xFEDCBA98, Ack, "payload"u8.ToArray(), options));

        Assert.NotNull(segment);
        Assert.Equal((from, to, 0xFEDCBA98, TcpControl.Ack, 7), (segment.From.ToString(), segment.To.ToString(), segment.Sequence, segment.Control, segment.Length));
        Assert.Equal("payload"u8, segment.Payload.Span);
    }

    [Fact]
    public void Segment_InAPaddedFrame_HasNoMoreThanItsBytes()
    {
        byte[] padded = [.. Frame(Client, Server, 1, Ack, [7]), 0, 0, 0, 0, 0];

        Assert.Equal([7], Read(padded)!.Payload.ToArray());
        Assert.Equal(1, Read(padded)!.Length);
    }

    [Fact]
    public void Segment_CutOffAnywhere_IsNoneOrShorter()
    {
        foreach (var frame in new[] { Frame(Client, Server, 1, Ack, [1, 2, 3], 2), Frame(IPEndPoint.Parse("[::1]:1"), IPEndPoint.Parse("[::2]:2"), 1, Ack, [1, 2, 3]) })
        {
            for (var length = 0; length < frame.Length; length++)
            {
                var segment = Read(frame.AsMemory(0, length));
                Assert.InRange(segment?.Payload.Length ?? 0, 0, 2);
                // What it carried is known all the same.
                Assert.Equal(3, segment?.Length ?? 3);
            }
        }
    }

    [Theory]
    [InlineData(13, 0x06)] // ARP
    [InlineData(23, 17)] // UDP
    [InlineData(20, 0x01)] // a later fragment
    [InlineData(14, 0x41)] // an IP header of 4 bytes
    [InlineData(46, 0x10)] // a TCP header of 4 bytes
    public void Segment_OfSomethingElse_IsNone(int at, byte value)
    {
        var frame = Frame(Client, Server, 1, Ack, [1]);
        frame[at] = value;

        Assert.Null(Read(frame));
    }

    [Fact]
    public void File_ThatIsStillWritten_GivesTheWholeFrames()
    {
        byte[][] frames = [[1, 2, 3], [], [4, 5]];
        var file = Frames.File(frames);

        Assert.Equal(frames, PcapFile.Frames(file).Select(frame => frame.Bytes.ToArray()));
        Assert.Equal([0, 1, 2], PcapFile.Frames(file).Select(frame => (frame.Time - DateTimeOffset.FromUnixTimeSeconds(Epoch)).TotalMilliseconds));
        Assert.Equal(frames[..2], PcapFile.Frames(file.AsMemory(0, file.Length - 1)).Select(frame => frame.Bytes.ToArray()));
        Assert.Empty(PcapFile.Frames(file.AsMemory(0, 10)));
    }

    [Theory]
    [InlineData(0, 0x0A)] // pcapng begins with 0A 0D 0D 0A
    [InlineData(20, 113)] // Linux "cooked" frames, of the device any
    public void File_OfAnotherKind_IsRefused(int at, byte value)
    {
        var file = Frames.File();
        file[at] = value;

        Assert.Throws<FormatException>(() => PcapFile.Frames(file));
    }

    [Fact]
    public void File_WithNanoseconds_HasTheSameTimes()
    {
        var file = Frames.File([[1]]);
        BitConverter.TryWriteBytes(file, 0xA1B23C4D);
        BitConverter.TryWriteBytes(file.AsSpan(28), 123_456_789);

        Assert.Equal(1_234_567, Assert.Single(PcapFile.Frames(file)).Time.Ticks % TimeSpan.TicksPerSecond);
    }

    private static TcpSegment? Read(ReadOnlyMemory<byte> frame) => TcpSegment.Read(new CapturedFrame(default, frame));
}
