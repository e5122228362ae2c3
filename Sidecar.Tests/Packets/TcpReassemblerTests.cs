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
}
