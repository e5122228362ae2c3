using System.Net.Sockets;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Tests.EndToEnd.Faults;
using Sidecar.Tests.EndToEnd.Load;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Relay;

/// <summary>A codec that changes lengths, holds back and has an end of its own, on both transports.</summary>
[Collection(HeavyLoad.Name)]
[SystemTest]
public sealed class FramingTests
{
    private const long Gigabyte = 1_000_000_000;

    public static TheoryData<TransportKind> Transports => [TransportKind.Epoll, TransportKind.Sockets];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task AGigabyteEachWay_InPiecesOfAnySize_ComesWholeAndIsCountedPlainAndOnTheWire(TransportKind transport)
    {
        await using var pair = await FramedPair.StartAsync(transport);
        pair.Join(largestPiece: 300_000);

        var received = await Task.WhenAll(SendAndReadAsync(pair.Client, pair.Server), SendAndReadAsync(pair.Server, pair.Client));

        await pair.EndAsync();
        Assert.Equal([Gigabyte, Gigabyte], received);
        var framed = FramedPair.Framed(Gigabyte);
        foreach (var report in new[] { pair.Near, pair.Far })
        {
            Assert.Equal(RelayEndReason.Completed, report.Ending.Reason);
            Assert.Equal((Gigabyte, Gigabyte), (report.Plain.Received, report.Plain.Sent));
            Assert.Equal((framed, framed), (report.Wire.Received, report.Wire.Sent));
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Bytes_ThatComeOneByOneOverTheWire_AreTheSame(TransportKind transport)
    {
        await using var pair = await FramedPair.StartAsync(transport);
        pair.Join(largestPiece: 1);
        var count = (3 * FramedPair.BlockSize) + 7;

        await Pattern.SendAsync(pair.Client, count);
        pair.Client.Finish();
        Assert.Equal(count, await Pattern.ReadToEndAsync(pair.Server));
        pair.Server.Finish();

        Assert.Empty(await pair.Client.ReadToEndAsync());
        await pair.EndAsync();
        Assert.Equal(RelayEndReason.Completed, pair.Far.Ending.Reason);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task End_OfOneSide_BringsWhatWasHeldBackAndLeavesTheOtherOpen(TransportKind transport)
    {
        await using var pair = await FramedPair.StartAsync(transport);
        pair.Join(largestPiece: 1000);
        await pair.Client.SendAsync("less than a block");
        pair.Client.Finish();
        Assert.Equal("less than a block"u8.ToArray(), await pair.Server.ReadToEndAsync());

        await Pattern.SendAsync(pair.Server, FramedPair.BlockSize);
        Assert.Equal(Pattern.At(0, FramedPair.BlockSize).ToArray(), await pair.Client.ReadAsync(FramedPair.BlockSize));
        pair.Server.Finish();

        Assert.Empty(await pair.Client.ReadToEndAsync());
        await pair.EndAsync();
        Assert.Equal((RelayEndReason.Completed, RelayEndReason.Completed), (pair.Near.Ending.Reason, pair.Far.Ending.Reason));
        Assert.False(pair.Requests.IsAborted || pair.RequestsRead.IsAborted);
    }

    // Two blocks and the end: cut before each of the bytes of the wire.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Wire_ThatEndsBeforeTheCodecsEnd_MakesAResetWhereverItEnds(TransportKind transport)
    {
        byte[] wire = [.. FramingEncoder.Mark, 0, 3, .. "abc"u8, .. FramingEncoder.Mark, 0, 2, .. "de"u8, .. FramingEncoder.Mark, 0, 0];
        for (var cut = 0; cut < wire.Length; cut++)
        {
            await using var pair = await FramedPair.StartAsync(transport);
            if (cut > 0)
                await pair.FarWire.SendAllAsync(wire[..cut]);
            pair.FarWire.Finish();

            var text = await ReadToResetAsync(pair.Server);
            await pair.FarWire.IsResetAsync();

            Assert.StartsWith(text, "abcde", StringComparison.Ordinal);
            if (transport == TransportKind.Epoll)
                Assert.Equal(Math.Clamp(cut - 4, 0, 3) + Math.Clamp(cut - 11, 0, 2), text.Length);
            await Eventually.TrueAsync(() => pair.Far.Ending.Reason == RelayEndReason.ClientTruncated);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Wire_ThatEndsAtTheServersSide_IsTheUpstreamsFault(TransportKind transport)
    {
        await using var pair = await FramedPair.StartAsync(transport);
        await pair.NearWire.SendAllAsync([.. FramingEncoder.Mark, 0, 9, .. "half"u8]);
        pair.NearWire.Finish();

        Assert.StartsWith(await ReadToResetAsync(pair.Client), "half", StringComparison.Ordinal);

        await Eventually.TrueAsync(() => pair.Near.Ending.Reason == RelayEndReason.UpstreamTruncated && pair.Requests.IsAborted);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Wire_WithOtherBytes_EndsBothForIt(TransportKind transport)
    {
        await using var pair = await FramedPair.StartAsync(transport);
        await pair.FarWire.SendAsync("GET / HTTP/1.1\r\n");

        await Task.WhenAll(pair.FarWire.IsResetAsync(), pair.Server.IsResetAsync());

        await Eventually.TrueAsync(() => pair.Far.Ending == new Ending(RelayEndReason.TransformError, "no block begins here"));
        Assert.True(pair.RequestsRead.IsAborted);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Reset_InFullFlowBeforeASlowReader_StaysOneAndNoByteIsWrong(TransportKind transport)
    {
        await using var pair = await FramedPair.StartAsync(transport);
        pair.Join(largestPiece: 70_000);
        await FillAsync(pair.Client);

        pair.Client.Reset();

        Assert.True(await Pattern.ReadToResetAsync(pair.Server, () => Task.CompletedTask) > 0);
        await pair.EndAsync();
        Assert.Equal(RelayEndReason.ClientReset, pair.Near.Ending.Reason);
        Assert.True(pair.Requests.IsAborted && pair.RequestsRead.IsAborted);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task SlowReader_GetsAllInTheEnd(TransportKind transport)
    {
        await using var pair = await FramedPair.StartAsync(transport);
        pair.Join(largestPiece: 70_000);
        var sent = await FillAsync(pair.Client);
        pair.Client.Finish();

        Assert.Equal(sent, await Pattern.ReadToEndAsync(pair.Server));

        pair.Server.Finish();
        Assert.Empty(await pair.Client.ReadToEndAsync());
        await pair.EndAsync();
        foreach (var report in new[] { pair.Near, pair.Far })
            Assert.Equal((RelayEndReason.Completed, sent), (report.Ending.Reason, report.Plain.Received + report.Plain.Sent));
    }

    // Until everything between it and its reader is full; the number of bytes.
    private static async Task<long> FillAsync(Socket sender)
    {
        var position = 0L;
        for (var still = 0; still < 5;)
        {
            var sent = Pattern.TrySend(sender, position);
            position += sent;
            still = sent == 0 ? still + 1 : 0;
            if (sent == 0)
                await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        return position;
    }

    private static async Task<long> SendAndReadAsync(Socket from, Socket to)
    {
        var reading = Pattern.ReadToEndAsync(to);
        await Pattern.SendAsync(from, Gigabyte);
        from.Finish();
        return await reading;
    }

    private static async Task<string> ReadToResetAsync(Socket socket)
    {
        var text = new System.Text.StringBuilder();
        var error = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (await socket.ReadTextAsync(1) is { Length: 1 } character)
                text.Append(character);
        });
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        return text.ToString();
    }
}
