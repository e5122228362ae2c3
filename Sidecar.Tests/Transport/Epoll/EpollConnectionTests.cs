using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Sidecar.Tests.EndToEnd.Faults;
using Sidecar.Tests.EndToEnd.Load;
using Sidecar.Transport;
using Sidecar.Transport.Epoll;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Transport.Epoll;

/// <summary>Pipe and direct way of one connection, and its end.</summary>
[Collection(HeavyLoad.Name)]
public sealed class EpollConnectionTests
{
    [Fact]
    public async Task Receive_AfterAStageHasReadAhead_GivesThatFirst()
    {
        using var running = new RunningLoop();
        var (connection, peer) = await running.OpenAsync();
        await peer.SendAsync("line\nbehind");
        await running.RunAsync(async () =>
        {
            var read = await connection.Transport.Input.ReadAtLeastAsync(11);
            connection.Transport.Input.AdvanceTo(read.Buffer.GetPosition(5));
        });
        await peer.SendAsync(" it");

        // In small pieces, so that one of them ends where the pipe's bytes do.
        Assert.Equal("behind it", await running.RunAsync(() => ReceiveAsync(connection, count: 9, pieces: 4)));
        peer.Dispose();
    }

    [Fact]
    public async Task Receive_AfterAStageHasReadTheEndAsWell_EndsBehindTheBytes()
    {
        using var running = new RunningLoop();
        var (connection, peer) = await running.OpenAsync();
        await peer.SendAsync("line\nall");
        peer.Finish();
        await running.RunAsync(async () =>
        {
            var read = await connection.Transport.Input.ReadAtLeastAsync(9);
            Assert.True(read.IsCompleted);
            connection.Transport.Input.AdvanceTo(read.Buffer.GetPosition(5));
            Assert.Equal("all", await ReceiveAsync(connection, count: 3, pieces: 100));
            Assert.Equal(SocketStatus.Ended, connection.Receive(1, out _));
        });
        peer.Dispose();
    }

    [Fact]
    public async Task Read_ThatIsCancelled_EndsAndLosesNoByte()
    {
        using var running = new RunningLoop();
        var (connection, peer) = await running.OpenAsync();
        using var cancellation = new CancellationTokenSource();
        var reading = running.RunAsync(async () => await connection.Transport.Input.ReadAsync(cancellation.Token));
        // From another thread, as time limits do it.
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);

        await peer.SendAsync("later");

        Assert.Equal("later", await running.RunAsync(() => ReceiveAsync(connection, count: 5, pieces: 100)));
        peer.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_WhenTheConnectionBreaks_ThrowsWhatTheStagesKnow(bool byPeer)
    {
        using var running = new RunningLoop();
        var (connection, peer) = await running.OpenAsync();
        var reading = running.RunAsync(async () => await connection.Transport.Input.ReadAsync());

        if (byPeer)
            peer.Close(0);
        else
            connection.Abort();

        if (byPeer)
            await Assert.ThrowsAsync<ConnectionResetException>(() => reading);
        else
            await Assert.ThrowsAsync<ConnectionAbortedException>(() => reading);
        peer.Dispose();
    }

    [Fact]
    public async Task Dispose_WithUnreadBytesOfThePeer_StillDeliversWhatWasSent()
    {
        using var running = new RunningLoop();
        var (connection, peer) = await running.OpenAsync();
        peer.ReceiveBufferSize = 16 * 1024;
        await peer.SendAsync("nobody reads this");
        var sent = await running.RunAsync(() => Task.FromResult(Fill(connection.Socket)));
        var closing = running.RunAsync(async () => await connection.DisposeAsync());

        Assert.Equal(sent, (await Pattern.ReadAsync(peer)).Count);

        await closing;
        peer.Dispose();
    }

    [Fact]
    public async Task Dispose_WithUnreadBytesOfThePeer_IsAnOrderlyEnd()
    {
        using var running = new RunningLoop();
        var (connection, peer) = await running.OpenAsync();
        await running.RunAsync(() => Task.FromResult(connection.Socket.Send("answer"u8, out _)));
        Assert.Equal("answer", await peer.ReadTextAsync(6));
        await peer.SendAsync("nobody reads this");
        // Nothing is under way that the close would wait for.
        await Eventually.TrueAsync(() => connection.Socket.Unsent == 0);

        await running.RunAsync(async () => await connection.DisposeAsync());

        Assert.Empty(await peer.ReadToEndAsync());
        peer.Dispose();
    }

    [Fact]
    public async Task Dispose_BeforeAPeerThatTakesNothing_EndsByItself()
    {
        using var running = new RunningLoop();
        var (connection, peer) = await running.OpenAsync();
        await running.RunAsync(() => Task.FromResult(Fill(connection.Socket)));

        await running.RunAsync(async () => await connection.DisposeAsync());

        Assert.True(connection.Socket.IsClosed);
        peer.Dispose();
    }

    private static long Fill(EpollSocket socket)
    {
        for (var position = 0L; ;)
        {
            if (socket.Send(Pattern.At(position, 64 * 1024).Span, out var sent) != SocketStatus.Done)
                return position;
            position += sent;
        }
    }

    private static async Task<string> ReceiveAsync(EpollConnection connection, int count, int pieces)
    {
        var text = new StringBuilder();
        while (text.Length < count)
        {
            var status = connection.Receive(pieces, out var read);
            text.Append(Encoding.ASCII.GetString(read));
            if (status == SocketStatus.WouldBlock)
                await connection.Socket.WhenReadable();
            else
                Assert.Equal(SocketStatus.Done, status);
        }

        return text.ToString();
    }
}
