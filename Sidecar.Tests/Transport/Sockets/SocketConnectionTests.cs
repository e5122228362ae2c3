using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Sidecar.Tests.EndToEnd.Faults;
using Sidecar.Transport;
using Sidecar.Transport.Sockets;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Transport.Sockets;

/// <summary>What a carried connection makes of ends, resets and a peer that reads nothing.</summary>
[SystemTest]
public sealed class SocketConnectionTests : IAsyncDisposable
{
    private const int Chunk = 16 * 1024;
    private const int ReadAhead = 64 * 1024;

    private readonly LoopbackListener _listener = new();
    private readonly List<SocketConnection> _connections = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            await connection.DisposeAsync();
        _listener.Dispose();
    }

    [Fact]
    public async Task Output_Completed_EndsItsDirectionAlone()
    {
        var (connection, peer) = await OpenAsync();

        await connection.Transport.Output.WriteAsync("last words"u8.ToArray(), Cancellation);
        await connection.Transport.Output.CompleteAsync();

        Assert.Equal("last words"u8.ToArray(), await peer.ReadToEndAsync());
        await peer.SendAsync("answer");
        Assert.Equal("answer", await ReadTextAsync(connection, 6));
    }

    [Fact]
    public async Task Input_ThatHasEnded_LeavesTheOutputOpen()
    {
        var (connection, peer) = await OpenAsync();

        await peer.SendAsync("question");
        peer.Finish();

        Assert.Equal("question", await ReadTextAsync(connection, 8));
        Assert.True((await ReadAsync(connection)).IsCompleted);
        await connection.Transport.Output.WriteAsync("answer"u8.ToArray(), Cancellation);
        Assert.Equal("answer", await peer.ReadTextAsync(6));
        await connection.Transport.Output.CompleteAsync();
        Assert.Empty(await peer.ReadToEndAsync());
    }

    [Fact]
    public async Task Flush_ToAPeerThatReadsNothing_EndsOnlyOnceTheKernelHasTakenAll()
    {
        var (connection, peer) = await OpenAsync();

        var (written, flushing) = await FillAsync(connection);
        // Only the last chunk is still the carrier's.
        Assert.InRange(connection.RawSocket()!.Unacknowledged + peer.Available, written - Chunk, written);

        var reading = Pattern.ReadToEndAsync(peer);
        await flushing.WaitAsync(SocketTalk.Limit, Cancellation);
        await connection.Transport.Output.CompleteAsync();
        Assert.Equal(written, await reading);
    }

    [Fact]
    public async Task Bytes_BeforeAReset_ComeBeforeIt()
    {
        var (connection, peer) = await OpenAsync();
        var reading = ReadAsync(connection);

        await peer.SendAsync("words");
        peer.Reset();

        var read = await reading;
        Assert.Equal("words", Encoding.Latin1.GetString(read.Buffer));
        connection.Transport.Input.AdvanceTo(read.Buffer.End);
        await Assert.ThrowsAnyAsync<IOException>(() => ReadAsync(connection));
    }

    // The kernel tells of the reset once, to the call that meets it: here sending and reading are after it at the same time.
    [Fact]
    public async Task Reset_WhileAFlushWaits_FailsItAndIsNoEnd()
    {
        for (var round = 0; round < 50; round++)
        {
            var (connection, peer) = await OpenAsync();
            var reading = ReadAsync(connection);
            var (_, flushing) = await FillAsync(connection);

            peer.Reset();

            await Assert.ThrowsAnyAsync<IOException>(() => flushing.WaitAsync(SocketTalk.Limit, Cancellation));
            await Assert.ThrowsAnyAsync<IOException>(() => reading);
        }
    }

    [Fact]
    public async Task Reset_BehindAnEnd_LeavesItOne()
    {
        var (connection, peer) = await OpenAsync();
        peer.Finish();
        await Eventually.TrueAsync(() => connection.RawSocket()!.HasNews);
        var (_, flushing) = await FillAsync(connection);

        peer.Reset();

        await Assert.ThrowsAnyAsync<IOException>(() => flushing.WaitAsync(SocketTalk.Limit, Cancellation));
        Assert.True((await ReadAsync(connection)).IsCompleted);
    }

    [Fact]
    public async Task Abort_ResetsThePeerAndEndsWhatWaits()
    {
        var (connection, peer) = await OpenAsync();
        var reading = ReadAsync(connection);
        var (_, flushing) = await FillAsync(connection);

        connection.Abort();

        await Assert.ThrowsAnyAsync<IOException>(() => flushing.WaitAsync(SocketTalk.Limit, Cancellation));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await Pattern.ReadToResetAsync(peer);
    }

    [Fact]
    public async Task Dispose_WithBytesThatNobodyFlushed_DropsThem()
    {
        var (connection, peer) = await OpenAsync();
        connection.Transport.Output.Write("half a greeting"u8);

        await connection.DisposeAsync();

        Assert.Empty(await peer.ReadToEndAsync());
    }

    [Fact]
    public async Task Dispose_WithFlushedBytesThatThePeerHasNotRead_BringsThem()
    {
        var (connection, peer) = await OpenAsync();
        await connection.Transport.Output.WriteAsync("an answer"u8.ToArray(), Cancellation);

        await connection.DisposeAsync();

        Assert.Equal("an answer"u8.ToArray(), await peer.ReadToEndAsync());
    }

    [Theory]
    [InlineData("bytes")]
    [InlineData("end")]
    [InlineData("reset")]
    public async Task News_ThatTheCarrierHasReadAhead_AreSeenAndKept(string news)
    {
        var (connection, peer) = await OpenAsync();
        var raw = connection.RawSocket()!;
        await peer.SendAsync("x");
        Assert.Equal("x", await ReadTextAsync(connection, 1));
        Assert.False(raw.HasNews);

        switch (news)
        {
            case "bytes":
                await peer.SendAsync("more");
                break;
            case "end":
                peer.Finish();
                break;
            default:
                peer.Reset();
                break;
        }

        await Eventually.TrueAsync(() => raw.HasNews);
        // The kernel has nothing more by then.
        await Task.Delay(50, Cancellation);
        Assert.True(raw.HasNews);
        if (news == "bytes")
            Assert.Equal("more", await ReadTextAsync(connection, 4));
    }

    [Fact]
    public async Task Reader_ThatStops_HoldsTheSenderBack()
    {
        var (connection, peer) = await OpenAsync();
        var sent = 0L;
        for (var still = 0; still < 10;)
        {
            var count = Pattern.TrySend(peer, sent);
            sent += count;
            still = count == 0 ? still + 1 : 0;
            await Task.Delay(count == 0 ? 10 : 0, Cancellation);
        }

        var ahead = await ReadAsync(connection);
        Assert.InRange(ahead.Buffer.Length, ReadAhead, 2 * ReadAhead);
        connection.Transport.Input.AdvanceTo(ahead.Buffer.Start);
    }

    private static Task<ReadResult> ReadAsync(SocketConnection connection) =>
        connection.Transport.Input.ReadAsync(Cancellation).AsTask().WaitAsync(SocketTalk.Limit, Cancellation);

    private static async Task<string> ReadTextAsync(SocketConnection connection, int count)
    {
        var read = await connection.Transport.Input.ReadAtLeastAsync(count, Cancellation).AsTask().WaitAsync(SocketTalk.Limit, Cancellation);
        var text = Encoding.Latin1.GetString(read.Buffer);
        connection.Transport.Input.AdvanceTo(read.Buffer.End);
        return text;
    }

    // Writes until a flush has to wait.
    private static async Task<(long Written, Task Flushing)> FillAsync(SocketConnection connection)
    {
        for (var written = 0L; ;)
        {
            var flushing = connection.Transport.Output.WriteAsync(Pattern.At(written, Chunk), Cancellation).AsTask();
            written += Chunk;
            // Many short waits, because on a busy machine they all take longer, as the flush does.
            for (var looks = 0; looks < 25 && !flushing.IsCompleted; looks++)
                await Task.Delay(20, Cancellation);
            if (!flushing.IsCompleted)
                return (written, flushing);
            await flushing;
        }
    }

    private async Task<(SocketConnection Connection, Socket Peer)> OpenAsync()
    {
        var connection = SocketConnection.Open(await SocketTalk.ConnectAsync(_listener.Port));
        _connections.Add(connection);
        return (connection, await _listener.AcceptAsync());
    }
}
