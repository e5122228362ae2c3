using System.Net;
using global::Packets;
using Xunit;
using static Sidecar.Tests.Packets.Conversation;

namespace Sidecar.Tests.Packets;

public sealed class TcpReassemblerTests
{
    [Fact]
    public void Connections_AreTakenApartByTheirEnds()
    {
        var other = TcpEnd.Of(IPEndPoint.Parse("10.0.0.2:40001"));
        var talk = new Conversation();

        talk.FromClient(100, "", Syn).Send(other, Server, 500, [], Syn);
        talk.FromServer(900, "", SynAck).Send(Server, other, 7, [], SynAck, 501);
        talk.Send(other, Server, 501, "b"u8, Ack, 8).FromClient(101, "a").FromServer(901, "A").Complete();

        Assert.Equal(["a|A|closed", "b||closed"], talk.Shown);
        Assert.Equal([new(Client, Server, 0, IsFromStart: true), new(other, Server, 0, IsFromStart: true)], talk.Openings);
    }

    [Fact]
    public void Connections_OnAPortUsedAgain_AreTwo()
    {
        var talk = new Conversation { Copies = 2 };

        talk.Opened().FromServer(901, "one").FromClient(7000, "", Syn).FromServer(50, "", SynAck, 7001).FromServer(51, "two", Ack, 7001).Complete();

        Assert.Equal(["|one|closed", "|two|closed"], talk.Shown);
    }

    // The server answers such a SYN with an acknowledgement only; the bytes behind it are no beginning.
    [Fact]
    public void Syn_InTheMidst_IsIgnored()
    {
        var talk = new Conversation { Copies = 2 }.Opened().FromClient(101, "ab").FromClient(104, "", Syn).FromServer(901, "", Ack, 103).FromClient(103, "cd").FromServer(901, "A", Ack, 105);

        Assert.Equal(["abcd|A|closed"], talk.Complete().Shown);
        Assert.Equal(2, talk.Reassembler.Ignored);
    }

    [Fact]
    public void Server_WithoutItsSyn_BeginsWhereItsClientExpectsIt() =>
        Assert.Equal(["a|A|gap of 2 at 0 to client, closed"], new Conversation().FromClient(100, "", Syn).FromClient(101, "a").FromServer(903, "A").Complete().Shown);

    [Fact]
    public void Bytes_WithTheSyn_AreThere() =>
        Assert.Equal(["fast|A|closed"], new Conversation().FromClient(100, "fast", Syn).FromServer(900, "", SynAck, 105).FromServer(901, "A").Complete().Shown);

    [Fact]
    public void Connection_WithoutItsSyn_BeginsWithTheSynAck() =>
        Assert.Equal(["a|A|closed"], new Conversation().FromServer(900, "", SynAck).FromClient(101, "a").FromServer(901, "A").Complete().Shown);

    [Fact]
    public void Ends_AreToldInTheirOrder_AndTheirPortIsFree()
    {
        var talk = new Conversation().Opened().FromClient(101, "a").FromServer(901, "A", Fin).FromClient(102, "", Fin);
        Assert.Equal(0, talk.Reassembler.Connections);

        talk.FromClient(102, "", Fin).FromClient(200, "", Syn).Complete();

        Assert.Equal(["a|A|end to client, end, closed", "||closed"], talk.Shown);
    }

    [Fact]
    public void Reset_ComesBehindWhatWaited() => Assert.Equal(["ac||gap of 1 at 1, reset to client"], new Conversation().Opened()
        .FromClient(101, "a").FromClient(103, "c").FromServer(901, "", Rst).FromClient(104, "d").Complete().Shown);

    [Theory]
    [InlineData(901)] // the next number
    [InlineData(6_000_901)] // within the largest window
    public void Reset_WithinTheWindow_Counts(uint sequence) =>
        Assert.Equal(["a||reset to client"], new Conversation().Opened().FromClient(101, "a").FromServer(sequence, "", Rst).Complete().Shown);

    [Theory]
    [InlineData(7_000_000)]
    [InlineData(800)]
    [InlineData(0x8000_0000)]
    public void Reset_OutsideTheWindow_IsIgnored(uint sequence)
    {
        var talk = new Conversation().Opened().FromClient(101, "a").FromServer(sequence, "", Rst).FromServer(901, "A").Complete();

        Assert.Equal(["a|A|closed"], talk.Shown);
        Assert.Equal(1, talk.Reassembler.Ignored);
    }

    [Fact]
    public void Reset_OfARefusedConnection_HasNoNumber()
    {
        Assert.Equal(["||reset to client"], new Conversation().FromClient(100, "", Syn).FromServer(0, "", Rst, 101).Shown);
        Assert.Equal(["||"], new Conversation().FromClient(100, "", Syn).FromServer(0, "", Rst, 7_000_101).Shown);
    }

    [Fact]
    public void Reset_OfBytesUnderWay_Counts()
    {
        // The server has sent more than its client has when the client resets.
        var talk = new Conversation().Opened().FromServer(901, "ABCDEF").FromServer(907, "", Rst).FromServer(907, "G");
        Assert.Equal(["|ABCDEF|reset to client"], talk.Shown);

        talk = new Conversation().Opened().FromServer(901, "ABCDEF").FromClient(101, "", Ack, 903).FromServer(902, "", Rst).FromServer(903, "", Rst);
        Assert.Equal(["|ABCDEF|reset to client"], talk.Shown);
        Assert.Equal(1, talk.Reassembler.Ignored);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Connection_SeenSeveralTimes_IsOne(int copies)
    {
        var talk = new Conversation { Copies = copies };

        talk.Opened().FromClient(101, "a").FromServer(903, "C").FromServer(901, "AB").FromClient(102, "b", Fin, 904).FromServer(904, "D", Fin, 104).FromClient(104, "", Ack, 906);
        talk.FromServer(906, "", Rst, 104).FromClient(104, "", Rst, 906);
        talk.FromClient(300, "", Syn).FromServer(5000, "", SynAck, 301).FromClient(301, "x", Ack, 5001).FromServer(5001, "", Rst, 302).FromClient(302, "y", Ack, 5001);

        Assert.Equal(["ab|ABCD|end, end to client, closed", "x||reset to client"], talk.Shown);
        Assert.Equal((0, 0, 0, 1), (talk.Reassembler.Connections, talk.Reassembler.Held, talk.Reassembler.Gaps, talk.Reassembler.Remembered));
    }

    [Fact]
    public void Connection_WholeAgainLater_OpensNothing()
    {
        var talk = new Conversation();
        for (var copy = 0; copy < 2; copy++)
            talk.Opened().FromClient(101, "a", Fin).FromServer(901, "A", Fin, 103).FromClient(103, "", Ack, 903);

        Assert.Equal(["a|A|end, end to client, closed"], talk.Shown);
        Assert.Single(talk.Openings);
    }

    [Fact]
    public void Connection_OfTwoClients_IsOne()
    {
        // Both sides connect at once (RFC 9293, 3.5).
        var talk = new Conversation { Copies = 2 }.FromClient(100, "", Syn).FromServer(900, "", Syn).FromClient(100, "", SynAck).FromServer(900, "", SynAck);

        Assert.Equal(["a|A|closed"], talk.FromClient(101, "a").FromServer(901, "A").Complete().Shown);
    }

    [Fact]
    public void Connection_WhoseSynComesLate_IsOne() => Assert.Equal(["a|A|closed"], new Conversation()
        .FromClient(101, "a").FromClient(100, "", Syn).FromServer(900, "", SynAck).FromServer(901, "A").Complete().Shown);

    [Theory]
    [InlineData("GET / HTTP/1.1", true, true)]
    [InlineData("M-SEARCH * HTTP/1.1", true, true)]
    [InlineData("PRI * HTTP/2.0", true, true)]
    [InlineData("HTTP/1.1 200 OK", true, false)]
    [InlineData("HTTP/1.0 200 OK", false, false)]
    [InlineData("GET / HTTP/1.1", false, true)]
    [InlineData("the midst of a text", false, false)]
    [InlineData(" GET", false, false)]
    [InlineData("GET", false, false)]
    [InlineData("GET", true, true)]
    [InlineData("ANAMETHATISMUCHLONGERTHANANYMETHOD /", false, false)]
    public void Connection_FromItsMidst_HasItsSidesGuessed(string payload, bool fromHighPort, bool isClient)
    {
        var talk = fromHighPort ? new Conversation().FromClient(500, payload) : new Conversation().FromServer(500, payload);

        var opening = Assert.Single(talk.Openings);
        Assert.Equal(fromHighPort == isClient ? (Client, Server, false) : (Server, Client, false), (opening.Client, opening.Server, opening.IsFromStart));
        Assert.Equal(isClient ? $"{payload}||" : $"|{payload}|", talk.Shown.Single());
    }

    [Fact]
    public void Connection_FromItsMidst_BeginsWithItsFirstBytes()
    {
        var talk = new Conversation().FromClient(500, "", Ack).FromServer(700, "", Fin).FromServer(700, "", Rst);
        Assert.Empty(talk.Openings);

        // The server's first segment is a keep-alive; what it has sent before is unknown.
        talk.FromClient(500, "a", Ack, 700).FromServer(699, "x").FromServer(700, "A", Ack, 501).FromClient(501, "b", Ack, 701).Complete();

        Assert.Equal(["ab|A|closed"], talk.Shown);
    }

    [Fact]
    public void Connection_ThatNobodyReads_IsRemembered()
    {
        var talk = new Conversation(wanted: _ => false).Opened().FromClient(105, "a").FromServer(905, "A").FromServer(902, "", Fin).FromServer(902, "", Rst).FromClient(107, "b");

        Assert.Single(talk.Openings);
        Assert.Equal((0, 1, 0), (talk.Reassembler.Connections, talk.Reassembler.Remembered, talk.Reassembler.Held));
    }

    [Fact]
    public void Reader_ThatIsDone_IsClosedAndTheRestIgnored()
    {
        var talk = new Conversation(enough: 3).Opened().FromServer(905, "E").FromClient(104, "d").FromClient(106, "f").FromClient(102, "bc").FromClient(101, "a");

        Assert.Equal(["abc||closed"], talk.Shown);
        Assert.Equal((0, 1, 0), (talk.Reassembler.Connections, talk.Reassembler.Remembered, talk.Reassembler.Held));
        talk.FromClient(107, "g").FromServer(901, "A", Fin).FromServer(902, "", Rst).Complete();
        Assert.Equal(["abc||closed"], talk.Shown);
    }

    [Fact]
    public void Ends_OfEachFamily_AreWhatTheyWere()
    {
        foreach (var text in new[] { "10.0.0.2:65535", "[::1]:1", "[fd00::1:2]:443", "0.0.0.0:0" })
        {
            var end = TcpEnd.Of(IPEndPoint.Parse(text));
            Assert.Equal((text, IPEndPoint.Parse(text)), (end.ToString(), end.ToIPEndPoint()));
        }

        Assert.Equal(TcpEnd.Of(IPEndPoint.Parse("10.0.0.2:1")), TcpEnd.Of(IPEndPoint.Parse("[::ffff:10.0.0.2]:1")));
    }
}
