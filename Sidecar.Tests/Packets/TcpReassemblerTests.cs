using System.Net;
using System.Text;
using global::Packets;
using Xunit;
using static Sidecar.Tests.Packets.Frames;

namespace Sidecar.Tests.Packets;

public sealed class TcpReassemblerTests
{
    private static readonly IPEndPoint Client = IPEndPoint.Parse("10.0.0.2:40000");
    private static readonly IPEndPoint Server = IPEndPoint.Parse("10.0.0.3:9000");

    [Fact]
    public void Connections_AreTakenApartByTheirEnds()
    {
        var other = IPEndPoint.Parse("10.0.0.2:40001");

        Assert.Equal(["a|A|", "b||"], Assemble(
            Frame(Client, Server, 100, Syn, []), Frame(other, Server, 500, Syn, []),
            Frame(Server, Client, 900, Syn | Ack, []), Frame(Server, other, 7, Syn | Ack, []),
            Frame(other, Server, 501, Ack, "b"u8.ToArray(), acknowledgement: 8), Frame(Client, Server, 101, Ack, "a"u8.ToArray(), acknowledgement: 901),
            Frame(Server, Client, 901, Ack, "A"u8.ToArray())));
    }

    [Fact]
    public void Connections_OnAPortUsedAgain_AreTwo() => Assert.Equal(["|one|", "|two|"], Assemble(
        Frame(Client, Server, 100, Syn, []), Frame(Client, Server, 100, Syn, []), Frame(Server, Client, 1, Syn | Ack, []), Frame(Server, Client, 2, Ack, "one"u8.ToArray()),
        Frame(Client, Server, 7000, Syn, []), Frame(Server, Client, 50, Syn | Ack, []), Frame(Server, Client, 51, Ack, "two"u8.ToArray())));

    [Fact]
    public void Connections_WithoutTheirStart_AreLeftOut() =>
        Assert.Empty(Assemble(Frame(Client, Server, 100, Ack, "a"u8.ToArray()), Frame(Server, Client, 5, Ack, "b"u8.ToArray())));

    [Fact]
    public void Server_WithoutItsSyn_BeginsWhereItsClientExpectsIt() => Assert.Equal(["a|A|gap of 2 to client"], Assemble(
        Frame(Client, Server, 100, Syn, []), Frame(Client, Server, 101, Ack, "a"u8.ToArray(), acknowledgement: 51), Frame(Server, Client, 53, Ack, "A"u8.ToArray())));

    [Fact]
    public void Bytes_WithTheSyn_AreThere() =>
        Assert.Equal(["fast|A|"], Assemble(Frame(Client, Server, 100, Syn, "fast"u8.ToArray()), Frame(Server, Client, 1, Syn | Ack, []), Frame(Server, Client, 2, Ack, "A"u8.ToArray())));

    [Fact]
    public void Ends_AreToldInTheirOrder_AndTheirPortIsFree() => Assert.Equal(["a|A|end to client, end", "||"], Assemble(
        Frame(Client, Server, 100, Syn, []), Frame(Server, Client, 1, Syn | Ack, []), Frame(Client, Server, 101, Ack, "a"u8.ToArray(), acknowledgement: 2),
        Frame(Server, Client, 2, Ack | Fin, "A"u8.ToArray()), Frame(Client, Server, 102, Ack | Fin, []), Frame(Client, Server, 102, Ack | Fin, []),
        Frame(Client, Server, 100, Syn, [])));

    [Fact]
    public void Reset_ComesBehindWhatWaited() => Assert.Equal(["ac||gap of 1, reset to client"], Assemble(
        Frame(Client, Server, 100, Syn, []), Frame(Client, Server, 101, Ack, "a"u8.ToArray()), Frame(Client, Server, 103, Ack, "c"u8.ToArray()),
        Frame(Server, Client, 0, Rst | Ack, []), Frame(Client, Server, 104, Ack, "d"u8.ToArray())));

    private static IEnumerable<string> Assemble(params byte[][] frames)
    {
        var all = new List<StreamReader>();
        var reassembler = new TcpReassembler(_ =>
        {
            all.Add(new StreamReader());
            return all[^1];
        });
        foreach (var segment in PcapFile.Frames(Frames.File(frames)).Select(TcpSegment.Read).OfType<TcpSegment>())
            reassembler.Add(segment);
        reassembler.Complete();
        return all.Select(reader => $"{Encoding.ASCII.GetString([.. reader.ToServer])}|{Encoding.ASCII.GetString([.. reader.ToClient])}|{reader.Told}");
    }
}
