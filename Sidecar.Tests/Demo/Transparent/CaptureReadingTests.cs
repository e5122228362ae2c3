using System.Net;
using Demo.Transparent.Capture;
using Demo.Verification;
using Xunit;
using static Sidecar.Tests.Demo.Transparent.Packets;

namespace Sidecar.Tests.Demo.Transparent;

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
        var segment = TcpSegment.Read(Frame(IPEndPoint.Parse(from), IPEndPoint.Parse(to), 0xFEDCBA98, Ack, "payload"u8.ToArray(), options));

        Assert.NotNull(segment);
        Assert.Equal((from, to, 0xFEDCBA98, false, false), (segment.From.ToString(), segment.To.ToString(), segment.Sequence, segment.Opens, segment.IsSyn));
        Assert.Equal("payload"u8, segment.Payload.Span);
    }

    [Fact]
    public void Segment_InAPaddedFrame_HasNoMoreThanItsBytes()
    {
        byte[] padded = [.. Frame(Client, Server, 1, Ack, [7]), 0, 0, 0, 0, 0];

        Assert.Equal([7], TcpSegment.Read(padded)!.Payload.ToArray());
    }

    [Fact]
    public void Segment_CutOffAnywhere_IsNoneOrShorter()
    {
        foreach (var frame in new[] { Frame(Client, Server, 1, Ack, [1, 2, 3], 2), Frame(IPEndPoint.Parse("[::1]:1"), IPEndPoint.Parse("[::2]:2"), 1, Ack, [1, 2, 3]) })
        {
            for (var length = 0; length < frame.Length; length++)
                Assert.InRange(TcpSegment.Read(frame.AsMemory(0, length))?.Payload.Length ?? 0, 0, 2);
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

        Assert.Null(TcpSegment.Read(frame));
    }

    [Fact]
    public void File_ThatIsStillWritten_GivesTheWholeFrames()
    {
        byte[][] frames = [[1, 2, 3], [], [4, 5]];
        var file = Packets.File(frames);

        Assert.Equal(frames, PcapFile.Frames(file).Select(frame => frame.ToArray()));
        Assert.Equal(frames[..2], PcapFile.Frames(file.AsMemory(0, file.Length - 1)).Select(frame => frame.ToArray()));
        Assert.Empty(PcapFile.Frames(file.AsMemory(0, 10)));
    }

    [Theory]
    [InlineData(0, 0x0A)] // pcapng begins with 0A 0D 0D 0A
    [InlineData(20, 113)] // Linux "cooked" frames, of the device any
    public void File_OfAnotherKind_IsRefused(int at, byte value)
    {
        var file = Packets.File();
        file[at] = value;

        Assert.Throws<FormatException>(() => PcapFile.Frames(file));
    }

    [Fact]
    public void Connections_AreTakenApartByTheirEnds()
    {
        var other = IPEndPoint.Parse("10.0.0.2:40001");
        var all = Assemble(
            Frame(Client, Server, 100, Syn, []), Frame(other, Server, 500, Syn, []),
            Frame(Server, Client, 900, Syn | Ack, []), Frame(Server, other, 7, Syn | Ack, []),
            Frame(other, Server, 501, Ack, "b"u8.ToArray()), Frame(Client, Server, 101, Ack, "a"u8.ToArray()), Frame(Server, Client, 901, Ack, "A"u8.ToArray()));

        Assert.Equal([("a", "A"), ("b", "")], all.Select(Text));
        Assert.Equal([Client, other], all.Select(c => c.Client));
    }

    [Fact]
    public void Connections_OnAPortUsedAgain_AreTwo()
    {
        var all = Assemble(
            Frame(Client, Server, 100, Syn, []), Frame(Client, Server, 100, Syn, []), Frame(Server, Client, 1, Syn | Ack, []), Frame(Server, Client, 2, Ack, "one"u8.ToArray()),
            Frame(Client, Server, 7000, Syn, []), Frame(Server, Client, 50, Syn | Ack, []), Frame(Server, Client, 51, Ack, "two"u8.ToArray()));

        Assert.Equal([("", "one"), ("", "two")], all.Select(Text));
    }

    [Fact]
    public void Connections_WhoseStartWasNotCaptured_AreLeftOut() =>
        Assert.Empty(Assemble(Frame(Client, Server, 100, Ack, "a"u8.ToArray()), Frame(Server, Client, 5, Ack, "b"u8.ToArray())));

    private static IReadOnlyList<CapturedConnection> Assemble(params byte[][] frames) =>
        CapturedConnection.Assemble(PcapFile.Frames(Packets.File(frames)).Select(TcpSegment.Read).OfType<TcpSegment>(), new TapBudget(1000));

    private static (string, string) Text(CapturedConnection connection) =>
        (System.Text.Encoding.ASCII.GetString(connection.Bytes.ToTarget.Sample()), System.Text.Encoding.ASCII.GetString(connection.Bytes.FromTarget.Sample()));
}
