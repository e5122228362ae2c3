using System.Buffers.Binary;
using System.Net;
using global::Packets;
using Xunit;
using static Sidecar.Tests.Packets.Frames;

namespace Sidecar.Tests.Packets;

public sealed class TcpSegmentTests
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
        var frame = Frame(IPEndPoint.Parse(from), IPEndPoint.Parse(to), 0xFEDCBA98, Ack, "payload"u8.ToArray(), options, 0x01020304);

        Assert.True(TcpSegment.TryRead(LinkType.Ethernet, frame, frame.Length, 5, out var segment));
        Assert.Equal((from, to), (segment.From.ToString(), segment.To.ToString()));
        Assert.Equal(TcpEnd.Of(IPEndPoint.Parse(from)), segment.From);
        Assert.Equal((5, 0xFEDCBA98, 0x01020304u, TcpControl.Ack, 7), (segment.Time, segment.Sequence, segment.Acknowledgement, segment.Control, segment.Length));
        Assert.Equal("payload"u8, segment.Payload);
    }

    [Fact]
    public void Segment_InAPaddedFrame_HasNoMoreThanItsBytes() =>
        Assert.Equal((1, "07"), Read([.. Frame(Client, Server, 1, Ack, [7]), 0, 0, 0, 0, 0]));

    [Fact]
    public void Segment_CutOffAnywhere_IsNoneOrShorter()
    {
        foreach (var frame in new[] { Frame(Client, Server, 1, Ack, [1, 2, 3], 2), Frame(IPEndPoint.Parse("[::1]:1"), IPEndPoint.Parse("[::2]:2"), 1, Ack, [1, 2, 3]) })
        {
            for (var length = 0; length < frame.Length; length++)
            {
                var segment = Read(frame[..length]);
                Assert.InRange(segment?.Payload.Length ?? 0, 0, 4);
                // What it carried is known all the same.
                Assert.Equal(3, segment?.Length ?? 3);
            }
        }
    }

    [Theory]
    [InlineData(13, 0x06)] // ARP
    [InlineData(23, 17)] // UDP
    [InlineData(21, 0x01)] // a later fragment
    [InlineData(20, 0x20)] // a first fragment
    [InlineData(14, 0x41)] // an IP header of 4 bytes
    [InlineData(14, 0x75)] // IP of version 7
    [InlineData(46, 0x10)] // a TCP header of 4 bytes
    [InlineData(46, 0xF0)] // a TCP header longer than the packet
    [InlineData(17, 30)] // a packet that ends within the TCP header
    public void Segment_OfSomethingElse_IsNone(int at, byte value)
    {
        var frame = Frame(Client, Server, 1, Ack, [1]);
        frame[at] = value;

        Assert.Null(Read(frame));
    }

    [Fact]
    public void Segment_ThatDoesNotSayItsLength_IsAsLongAsItsFrame()
    {
        var (v4, v6) = (Frame(Client, Server, 1, Ack, new byte[100_000]), Frame(IPEndPoint.Parse("[::1]:1"), IPEndPoint.Parse("[::2]:2"), 1, Ack, new byte[100_000]));
        (v4[16], v4[17], v6[18], v6[19]) = (0, 0, 0, 0);

        Assert.Equal(100_000, Read(v4)?.Length);
        Assert.Equal(100_000, Read(v6)?.Length);
        Assert.True(TcpSegment.TryRead(new CapturedFrame { Link = LinkType.Ethernet, Bytes = v4.AsSpan(0, 200), WireLength = v4.Length }, out var cut));
        Assert.Equal((100_000, 200 - 54), (cut.Length, cut.Payload.Length));
    }

    // Damaged on its way, or cut off by the capture: only the second is a segment.
    [Fact]
    public void Segment_LongerThanItsFrameOnTheWire_IsNone()
    {
        foreach (var frame in new[] { Frame(Client, Server, 1, Ack, new byte[100]), Frame(IPEndPoint.Parse("[::1]:1"), IPEndPoint.Parse("[::2]:2"), 1, Ack, new byte[100]) })
        {
            Assert.Null(Read(frame[..^1]));
            Assert.True(TcpSegment.TryRead(LinkType.Ethernet, frame.AsSpan()[..^1], frame.Length, 0, out var cut));
            Assert.Equal((100, 99, false), (cut.Length, cut.Payload.Length, cut.IsDamaged));
        }
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(false, 1460)]
    [InlineData(true, 0)]
    [InlineData(true, 7)]
    [InlineData(true, 100_000)]
    public void Segment_WithAChangedBit_IsDamaged(bool isV6, int length)
    {
        var random = new Random(length);
        var payload = new byte[length];
        random.NextBytes(payload);
        var (from, to) = isV6 ? (IPEndPoint.Parse("[2001:db8::1]:1"), IPEndPoint.Parse("[2001:db8::2]:2")) : (Client, Server);
        var frame = Frame(from, to, 0x12345678, Ack, payload);
        if (length > ushort.MaxValue)
            (frame[18], frame[19]) = (0, 0);
        var tcp = isV6 ? 54 : 34;
        // No checksum, as devices that fill it in get it, and that of the addresses, with and without the length.
        Assert.False(IsDamaged(frame));
        foreach (var partial in new[] { 6, 6 + frame.Length - tcp })
        {
            Checksum(frame, tcp, isV6, partial, isWhole: false);
            Assert.False(IsDamaged(frame));
        }

        Checksum(frame, tcp, isV6, 6 + frame.Length - tcp, isWhole: true);
        Assert.False(IsDamaged(frame));
        for (var i = 0; i < 200; i++)
        {
            // Neither the offset of the data nor the field itself, with which it may be one that a device fills in.
            var at = random.Next(tcp - (isV6 ? 32 : 8), frame.Length);
            if (at - tcp is 12 or 16 or 17)
                continue;
            frame[at] ^= (byte)(1 << (i % 8));
            Assert.True(IsDamaged(frame));
            frame[at] ^= (byte)(1 << (i % 8));
        }
    }

    [Theory]
    [InlineData(0)] // hop by hop
    [InlineData(43)] // routing
    [InlineData(60)] // destination options
    public void Segment_BehindExtensionHeaders_IsRead(byte type)
    {
        var frame = Frame(IPEndPoint.Parse("[::1]:1"), IPEndPoint.Parse("[::2]:2"), 1, Ack, [7]);
        const int Extensions = 8 + 24;
        byte[] extended = [.. frame[..54], 60, 0, .. new byte[6], 6, 2, .. new byte[22], .. frame[54..]];
        (extended[19], extended[20]) = ((byte)(frame[19] + Extensions), type);

        Assert.Equal((1, "07"), Read(extended));
        for (var length = 0; length < extended.Length - 1; length++)
            Read(extended[..length]);
        extended[54] = 44;
        Assert.Null(Read(extended));
    }

    [Fact]
    public void Segment_BehindAnyLinkHeader_IsRead()
    {
        var frame = Frame(Client, Server, 1, Ack, [7]);
        var (type, packet) = (frame[12..14], frame[14..]);
        byte[] tagged = [0x88, 0xA8, 0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3, .. type, .. packet];
        var links = new (LinkType Link, byte[] Frame)[]
        {
            (LinkType.Ethernet, [.. frame[..12], .. tagged]),
            (LinkType.LinuxSll, [.. new byte[14], .. type, .. packet]),
            (LinkType.LinuxSll, [.. new byte[14], .. tagged]),
            (LinkType.LinuxSll2, [.. type, .. new byte[18], .. packet]),
            (LinkType.LinuxSll2, [.. tagged[..2], .. new byte[18], .. tagged[2..]]),
            (LinkType.Raw, packet),
            (LinkType.Null, [2, 0, 0, 0, .. packet]),
            (LinkType.Loop, [0, 0, 0, 2, .. packet]),
        };

        foreach (var (link, bytes) in links)
        {
            Assert.Equal((link, 1, "07"), (link, Read(bytes, link)?.Length, Read(bytes, link)?.Payload));
            for (var length = 0; length < bytes.Length - 1; length++)
                Assert.NotEqual("07", Read(bytes[..length], link)?.Payload);
        }
    }

    [Theory]
    [InlineData(12)]
    [InlineData(14)]
    [InlineData(101)]
    [InlineData(228)]
    public void LinkType_OfRawPackets_HasSeveralNumbers(int number) => Assert.Equal((LinkType.Raw, null), (LinkTypes.Of(number), LinkTypes.Of(147)));

    private static bool IsDamaged(byte[] frame)
    {
        Assert.True(TcpSegment.TryRead(LinkType.Ethernet, frame, frame.Length, 0, out var segment));
        return segment.IsDamaged;
    }

    // RFC 9293, 3.1, word by word.
    private static void Checksum(byte[] frame, int tcp, bool isV6, int protocolAndLength, bool isWhole)
    {
        (frame[tcp + 16], frame[tcp + 17]) = (0, 0);
        var sum = (long)protocolAndLength;
        for (var at = tcp - (isV6 ? 32 : 8); at < (isWhole ? frame.Length : tcp); at += 2)
            sum += (frame[at] << 8) + (at + 1 < frame.Length ? frame[at + 1] : 0);
        while (sum > 0xFFFF)
            sum = (sum & 0xFFFF) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(tcp + 16), (ushort)(isWhole ? ~sum : sum));
    }

    private static (int Length, string Payload)? Read(byte[] frame, LinkType link = LinkType.Ethernet) =>
        TcpSegment.TryRead(link, frame, frame.Length, 0, out var segment) ? (segment.Length, Convert.ToHexString(segment.Payload)) : null;
}
