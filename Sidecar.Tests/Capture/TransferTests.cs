using System.Net;
using System.Security.Cryptography;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>Sources deliver every byte of a transfer.</summary>
[SystemTest]
[Collection(OneByOne.Name)]
public sealed class TransferTests
{
    private const int Port = 28_080;
    private const int Amount = 100 * 1024 * 1024;
    private const int Piece = 1024 * 1024;

    // So that a slow reader loses nothing: a quarter of the ring.
    private const int MostAhead = 16 * 1024 * 1024;

    public static TheoryData<string, string> Cases => new MatrixTheoryData<string, string>(["ebpf", "packet"], ["127.0.0.1", "::1", "10.9.9.2", "fd09::2"]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Transfer_OfManyBytes_IsWhole(string kind, string server)
    {
        RootTools.Require();
        await using var one = await NetworkNamespace.CreateAsync();
        await using var other = await NetworkNamespace.CreateAsync();
        await Wires.JoinAsync(one, other);
        var address = IPAddress.Parse(server);
        var collector = new Collector();
        using var capture = RunningCapture.Start(Kinds.Of(kind), collector, new() { ServerPorts = [Port] }, space: one);
        using var connection = await Exchange.ConnectAsync(one, IPAddress.IsLoopback(address) ? one : other, address, Port);
        await connection.TalkAsync();

        var sent = RandomNumberGenerator.GetBytes(Amount);
        var receipt = Task.Run(() => connection.Server.ReadAsync(Amount), TestContext.Current.CancellationToken);
        for (var at = 0; at < Amount; at += Piece)
        {
            await connection.Client.SendAllAsync(sent[at..(at + Piece)]);
            await Eventually.TrueAsync(() => Captured() + MostAhead > at, "the capture follows");
        }

        Assert.True((await receipt).AsSpan().SequenceEqual(sent));
        connection.Client.Finish();
        int Captured() => collector.Bytes(connection.ClientEnd, connection.ServerEnd).Length - Exchange.Request.Length;
        await Eventually.TrueAsync(() => Captured() == Amount, () => $"{Captured()} of {Amount} bytes, lost {capture.Source.Lost}");

        Assert.Equal(SHA256.HashData(sent), SHA256.HashData(collector.Bytes(connection.ClientEnd, connection.ServerEnd).Span[Exchange.Request.Length..]));
        Assert.Equal(Exchange.Answer, collector.Bytes(connection.ServerEnd, connection.ClientEnd).ToArray());
        Assert.Equal(0, capture.Source.Lost);
        Assert.Equal(0, collector.TotalLost);
        // What one segmentation offload holds comes as one packet, also of more than 64 KB.
        Assert.True(collector.Seen.Max(packet => packet.Length) > 60_000);
        // On loopback and with both ends here each packet is there twice, but comes once; a few are sent again.
        Assert.InRange(collector.Seen.Sum(packet => (long)packet.Payload), Amount, Amount + (Amount / 10));
        Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - (collector.Seen[^1].Time / 1_000_000), 0, 20_000);
    }
}
