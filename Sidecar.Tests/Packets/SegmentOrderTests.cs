using Xunit;
using static Sidecar.Tests.Packets.Conversation;

namespace Sidecar.Tests.Packets;

/// <summary>One direction: each byte once, in order, the first copy of it.</summary>
public sealed class SegmentOrderTests
{
    [Fact]
    public void Segments_OutOfOrder_WaitAndKeepTheirStarts()
    {
        var talk = new Conversation().Opened().FromClient(104, "de").FromClient(106, "f");
        Assert.Equal("||", talk.Shown.Single());

        talk.FromClient(101, "abc");

        Assert.Equal("abcdef||", talk.Shown.Single());
        Assert.Equal([3, 2, 1], talk.Readers[0].Calls);
        Assert.Equal((2, 0), (talk.Reassembler.OutOfOrder, talk.Reassembler.Held));
    }

    [Fact]
    public void Segments_SentAgain_ChangeNothing()
    {
        var talk = new Conversation().Opened().FromClient(101, "abc").FromClient(101, "xyz").FromClient(102, "xydef").FromClient(103, "x");

        Assert.Equal("abcdef||", talk.Shown.Single());
        Assert.Equal(3 + 2 + 1, talk.Reassembler.Retransmitted);
    }

    [Theory]
    [InlineData(103, "cd", 101, "XXXXXXXX", "XXcdXXXX")] // a longer one around it
    [InlineData(103, "cdef", 101, "XXXX", "XXcdef")] // from the left
    [InlineData(103, "cdef", 105, "XXXX", "??cdefXX")] // from the right
    [InlineData(103, "cdef", 103, "XXXXXX", "??cdefXX")] // from the same start
    [InlineData(103, "cdef", 104, "XX", "??cdef")] // within
    [InlineData(103, "cd", 102, "XXXX", "?XcdX")] // out of order around it
    public void Bytes_ThatComeFirst_Stay(uint first, string held, uint second, string later, string expected)
    {
        var talk = new Conversation().Opened().FromClient(first, held).FromClient(second, later);
        var gap = expected.LastIndexOf('?') + 1;

        talk.Complete();

        Assert.Equal($"{expected[gap..]}||{(gap > 0 ? $"gap of {gap} at 0, " : "")}closed", talk.Shown.Single());
    }

    [Fact]
    public void Bytes_OfManyPieces_StayInALongerSegment()
    {
        var talk = new Conversation().Opened().FromClient(103, "c").FromClient(105, "e").FromClient(107, "ghij").FromClient(102, "XXXXXXX").FromClient(101, "aZZZZZZZZZZZ");

        Assert.Equal("aXcXeXghijZZ||", talk.Shown.Single());
        Assert.Equal(0, talk.Reassembler.Held);
    }

    [Fact]
    public void Pieces_SideBySide_TakeNoSecondCopy()
    {
        var talk = new Conversation().Opened().FromClient(103, "cd").FromClient(105, "ef").FromClient(104, "XXX").FromClient(103, "XXXX").FromClient(101, "ab");

        Assert.Equal("abcdef||", talk.Shown.Single());
        Assert.Equal(3 + 4, talk.Reassembler.Retransmitted);
    }

    [Theory]
    [InlineData(0xFFFF_FFFEu)] // the SYN is before the wrap, the bytes around it
    [InlineData(0xFFFF_FFFFu)]
    [InlineData(0x7FFF_FFFDu)]
    public void Numbers_Wrap(uint opening)
    {
        var talk = new Conversation().FromClient(opening, "", Syn).FromServer(opening, "", SynAck, opening + 1);

        talk.FromClient(opening + 4, "de", Ack, opening + 1).FromClient(opening + 1, "abc", Ack, opening + 1);
        talk.FromServer(opening + 2, "BC", Ack, opening + 1).FromServer(opening + 1, "A", Fin, opening + 1);

        Assert.Equal("abcde|ABC|", talk.Shown.Single());
    }

    [Fact]
    public void Probes_AreNoBytes()
    {
        // A keep-alive has the number before the next one, with or without a byte (RFC 9293, 3.8.4), and so has Linux's window probe.
        var talk = new Conversation().Opened().FromClient(101, "ab").FromClient(102, "x").FromClient(102).FromClient(100, "x").FromServer(900).FromServer(900, "x");

        // Another probe has the first byte that the window has no room for, which comes again later.
        talk.FromClient(103, "c").FromClient(103, "cd").Complete();

        Assert.Equal("abcd||closed", talk.Shown.Single());
        Assert.Equal(0, talk.Reassembler.Gaps);
    }

    [Fact]
    public void End_WaitsForTheBytesBeforeIt()
    {
        var talk = new Conversation().Opened().FromClient(103, "c", Fin);
        Assert.Equal("||", talk.Shown.Single());

        talk.FromClient(101, "ab").FromClient(104, "d");

        Assert.Equal("abc||end", talk.Shown.Single());
    }

    [Fact]
    public void End_BeforeOrAmongBytesThatCame_IsNone()
    {
        var talk = new Conversation().Opened().FromClient(101, "abc").FromClient(106, "fg").FromClient(102, "", Fin).FromClient(107, "", Fin);

        talk.FromClient(104, "de").FromClient(108, "h", Fin);

        Assert.Equal("abcdefgh||end", talk.Shown.Single());
    }

    [Fact]
    public void Bytes_BehindTheEnd_AreNone()
    {
        var talk = new Conversation().Opened().FromClient(104, "", Fin).FromClient(102, "bcdefg").FromClient(104, "d").FromClient(106, "f").FromClient(101, "a");

        Assert.Equal("abc||end", talk.Shown.Single());
    }

    [Fact]
    public void Payload_ThatTheCaptureCutOff_IsAGapAtOnce()
    {
        var talk = new Conversation().Opened().FromClient(101, "ab", cut: 3).FromClient(106, "f").FromClient(109, "i", cut: 2).FromClient(114, "n", cut: 1, control: Fin);
        Assert.Equal("abf||gap of 3 at 2", talk.Shown.Single());

        talk.FromClient(107, "gh").FromClient(112, "lm");

        Assert.Equal("abfghilmn||gap of 3 at 2, gap of 2 at 6, gap of 1 at 9, end", talk.Shown.Single());
        Assert.Equal((3, 6), (talk.Reassembler.Gaps, talk.Reassembler.GapBytes));
    }

    [Fact]
    public void Payload_CutOffAmongBytesThatCame_LeavesThem()
    {
        var talk = new Conversation().Opened().FromClient(104, "d").FromClient(106, "f").FromClient(102, "b", cut: 6).FromClient(101, "a").FromClient(105, "e").FromClient(107, "gh");

        Assert.Equal("abdefgh||gap of 1 at 2", talk.Shown.Single());
    }

    [Fact]
    public void Numbers_FarAhead_AreIgnored()
    {
        var talk = new Conversation().Opened().FromClient(101 + (1u << 30) + 1, "x").FromClient(101 + (1u << 30) + 1, "", Fin).FromClient(101, "a").Complete();

        Assert.Equal("a||closed", talk.Shown.Single());
        Assert.Equal(2, talk.Reassembler.Ignored);
    }

    [Fact]
    public void Calls_HaveTheTimeOfTheLastPacketThatTheyWaitedFor()
    {
        var talk = new Conversation().Opened();
        talk.Time = 5;
        talk.FromClient(102, "b");
        talk.Time = 7;
        talk.FromClient(101, "a");

        Assert.Equal(7_000_000, talk.Readers[0].Time);
    }
}
