using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Sidecar.Transport;
using Sidecar.Transport.Epoll;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Transport.Epoll;

/// <summary>Readiness on real sockets: the places where an edge-triggered socket could be waited on for ever.</summary>
public sealed class EpollSocketTests
{
    [Fact]
    public async Task Receive_OfBytesAndAnEndThatCameTogether_ReadsBoth()
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        // The loop learns of bytes and end in one event; no other follows.
        peer.Send("last words"u8);
        peer.Shutdown(SocketShutdown.Send);

        Assert.Equal("last words", await running.RunAsync(() => ReadToEndAsync(socket, bufferSize: 64)));
        Assert.True(socket.HasEnded);
        peer.Dispose();
    }

    [Fact]
    public async Task Receive_OfAnEndThatCameWhileNobodyRead_IsNotLost()
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        peer.Send("0123456789"u8);
        Assert.Equal("01234", await running.RunAsync(() => ReadAsync(socket, 5)));
        peer.Shutdown(SocketShutdown.Send);
        // Long enough for the loop to have seen the event.
        await running.RunAsync(() => running.Loop.Delay(TimeSpan.FromMilliseconds(20)));

        Assert.Equal("56789", await running.RunAsync(() => ReadToEndAsync(socket, bufferSize: 64)));
        peer.Dispose();
    }

    [Fact]
    public async Task Receive_OfUrgentBytes_FindsThemInTheirPlace()
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        for (var i = 0; i < 50; i++)
        {
            peer.Send("ab"u8);
            peer.Send("!"u8, SocketFlags.OutOfBand);
            Assert.Equal("ab!", await running.RunAsync(() => ReadExactlyAsync(socket, 3)));
        }

        peer.Dispose();
    }

    [Fact]
    public async Task Send_MoreThanTheKernelTakes_GoesOnOnceThePeerReads()
    {
        const int length = 32 * 1024 * 1024;
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        var sending = running.RunAsync(async () =>
        {
            for (var left = length; left > 0;)
            {
                var status = socket.Send(running.Loop.Scratch.AsSpan(0, Math.Min(left, EventLoop.ScratchSize)), out var sent);
                if (status == SocketStatus.WouldBlock)
                    await socket.WhenWritable();
                else
                    Assert.Equal(SocketStatus.Done, status);
                left -= sent;
            }

            socket.ShutdownSend();
        });
        var received = 0L;
        var buffer = new byte[100_000];
        for (int count; (count = await peer.ReceiveAsync(buffer, TestContext.Current.CancellationToken)) > 0;)
            received += count;

        Assert.Equal(length, received);
        await sending;
        peer.Dispose();
    }

    [Fact]
    public async Task Reset_ByThePeerWhileNobodyReads_WakesWhoeverWaitsForThePartner()
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        var (partner, other) = await running.OpenAsync();
        var isWaiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var woken = running.RunAsync(async () =>
        {
            socket.WakeWhenBroken(partner);
            Assert.Equal(SocketStatus.WouldBlock, partner.Receive(1, out _));
            isWaiting.SetResult();
            await partner.Socket.WhenReadable();
            return socket.IsBroken;
        });
        await isWaiting.Task;
        peer.Close(0);

        Assert.True(await woken);
        other.Dispose();
    }

    // Then no event tells of it any more.
    [Fact]
    public async Task Send_ThatLearnsOfAReset_WakesWhoeverWaitsForThePartner()
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        var (partner, other) = await running.OpenAsync();
        await running.RunAsync(async () =>
        {
            socket.WakeWhenBroken(partner);
            Assert.Equal(SocketStatus.WouldBlock, partner.Receive(1, out _));
            var woken = WaitAsync(partner.Socket);
            peer.Close(0);
            Assert.Equal(SocketStatus.Failed, socket.Send("x"u8, out _));
            Assert.True(socket.IsBroken);
            Assert.False(woken.IsCompleted);
            await woken.WaitAsync(SocketTalk.Limit, TestContext.Current.CancellationToken);
        });
        other.Dispose();

        static async Task WaitAsync(EpollSocket socket) => await socket.WhenReadable();
    }

    [Fact]
    public async Task WhenAllIsSent_ToAPeerThatTakesNothing_EndsAfterAWhile()
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        await running.RunAsync(async () =>
        {
            while (socket.Send(running.Loop.Scratch, out _) == SocketStatus.Done)
            {
                // Until the kernel takes no more.
            }

            var started = Stopwatch.GetTimestamp();
            await socket.WhenAllIsSentAsync();
            Assert.True(socket.Unsent > 0);
            // The loop's clock is that of its turn, which began before.
            Assert.True(Stopwatch.GetElapsedTime(started) > IRelaySocket.Patience / 2);
        });
        peer.Dispose();
    }

    [Fact]
    public async Task Receive_AfterAReset_GivesTheBytesBeforeItFirst()
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        peer.Send("before"u8);
        peer.Close(0);
        await running.RunAsync(async () =>
        {
            while (!socket.IsBroken)
                await running.Loop.Delay(TimeSpan.FromMilliseconds(1));
            Assert.Equal("before", await ReadAsync(socket, 100));
            Assert.Equal(SocketStatus.Failed, socket.Receive(running.Loop.Scratch, out _));
            Assert.NotNull(socket.ErrorText);
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("before")]
    public async Task Receive_AfterASendThatLearnedOfAReset_IsNoEndOfStream(string before)
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        // On the loop, so that no event comes between.
        await running.RunAsync(async () =>
        {
            peer.Send(Encoding.ASCII.GetBytes(before));
            peer.Close(0);
            Assert.Equal(SocketStatus.Failed, socket.Send("x"u8, out _));
            // From now on sending is EPIPE, as it is behind an end.
            Assert.Equal(SocketStatus.Failed, socket.Send("x"u8, out _));
            if (before.Length > 0)
                Assert.Equal(before, await ReadAsync(socket, 100));
            Assert.Equal("", await ReadAsync(socket, 100));
            Assert.False(socket.HasEnded);
            Assert.Equal(SocketStatus.Failed, socket.Receive(running.Loop.Scratch, out _));
        });
    }

    [Fact]
    public async Task Receive_AfterALookThatLearnedOfAReset_IsNoEndOfStream()
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        await running.RunAsync(() =>
        {
            Assert.False(socket.HasNews);
            peer.Close(0);
            Assert.True(socket.HasNews);
            Assert.True(socket.IsBroken);
            Assert.Equal(SocketStatus.Failed, socket.Receive(running.Loop.Scratch, out _));
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Receive_AfterASendThatLearnedOfAResetBehindAnEnd_IsTheEnd()
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        await running.RunAsync(async () =>
        {
            peer.Send("whole"u8);
            peer.Shutdown(SocketShutdown.Send);
            peer.Close(0);
            Assert.Equal(SocketStatus.Failed, socket.Send("x"u8, out _));
            Assert.Equal("whole", await ReadToEndAsync(socket, bufferSize: 100));
            Assert.True(socket.HasEnded);
        });
    }

    [Fact]
    public async Task Unsent_AfterAReset_IsNothingThatCouldBeWaitedFor()
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        await running.RunAsync(async () =>
        {
            while (socket.Send(running.Loop.Scratch, out _) == SocketStatus.Done)
            {
                // Until the kernel takes no more.
            }

            Assert.True(socket.Unsent > 0);
            peer.Close(0);
            await socket.WhenAllIsSentAsync();
            Assert.False(socket.IsClosed);
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Close_WhileSomebodyWaits_WakesThem(bool byReset)
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        var waiting = running.RunAsync(async () =>
        {
            Assert.Equal(SocketStatus.WouldBlock, socket.Receive(running.Loop.Scratch, out _));
            await socket.WhenReadable();
            return socket.Receive(running.Loop.Scratch, out _);
        });
        await running.RunAsync(() =>
        {
            if (byReset)
                socket.Reset();
            else
                socket.Close();
            return Task.CompletedTask;
        });

        Assert.Equal(SocketStatus.Closed, await waiting);
        if (byReset)
            await Assert.ThrowsAsync<SocketException>(async () => await peer.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
        else
            Assert.Equal(0, await peer.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
        peer.Dispose();
    }

    private static async Task<string> ReadAsync(EpollSocket socket, int bufferSize)
    {
        var buffer = new byte[bufferSize];
        while (true)
        {
            var status = socket.Receive(buffer, out var count);
            if (status != SocketStatus.WouldBlock)
                return Encoding.ASCII.GetString(buffer, 0, count);
            await socket.WhenReadable();
        }
    }

    private static async Task<string> ReadToEndAsync(EpollSocket socket, int bufferSize)
    {
        var text = new StringBuilder();
        for (string chunk; (chunk = await ReadAsync(socket, bufferSize)).Length > 0;)
            text.Append(chunk);
        return text.ToString();
    }

    private static async Task<string> ReadExactlyAsync(EpollSocket socket, int length)
    {
        var text = "";
        while (text.Length < length)
            text += await ReadAsync(socket, 64);
        return text;
    }
}
