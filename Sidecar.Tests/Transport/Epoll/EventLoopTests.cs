using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Sidecar.Transport;
using Sidecar.Transport.Epoll;
using Xunit;

namespace Sidecar.Tests.Transport.Epoll;

public sealed class EventLoopTests
{
    [Fact]
    public async Task Enter_FromAnotherThread_ComesBackToTheLoop()
    {
        using var running = new RunningLoop();
        await running.RunAsync(async () =>
        {
            Assert.Same(running.Loop, EventLoop.Current);
            await Task.Run(() => Assert.Null(EventLoop.Current));
            await running.Loop.Enter();
            Assert.Same(running.Loop, EventLoop.Current);
            await running.Loop.Delay(TimeSpan.FromMilliseconds(1));
            Assert.Same(running.Loop, EventLoop.Current);
        });
    }

    [Fact]
    public async Task Post_FromManyThreadsAtOnce_LosesNothing()
    {
        const int threads = 8, each = 10_000;
        using var running = new RunningLoop();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var count = 0;
        await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < each; i++)
            {
                running.Loop.Post(
                    _ =>
                    {
                        if (++count == threads * each)
                            done.SetResult();
                    },
                    null);
            }
        })));
        await done.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Post_ThatThrows_IsLoggedAndTheLoopGoesOn()
    {
        using var running = new RunningLoop();
        running.Loop.Post(_ => throw new InvalidOperationException("a bug of the test"), null);
        await running.RunAsync(() => Task.CompletedTask);
        Assert.Contains("a bug of the test", Assert.Single(running.Errors));
    }

    [Fact]
    public async Task Post_ThatThrowsWhatCannotSayWhy_IsLoggedAndTheLoopGoesOn()
    {
        using var running = new RunningLoop();
        running.Loop.Post(_ => throw new Speechless(), null);
        running.Loop.Defer(() => throw new Speechless());
        await running.RunAsync(() => Task.CompletedTask);
        await running.RunAsync(() => Task.CompletedTask);
        Assert.Equal(2, running.Errors.Count);
        Assert.All(running.Errors, line => Assert.Contains("failed with Speechless, which cannot say why", line, StringComparison.Ordinal));
    }

    // Its events come once: if a handler has lost them, its connection would hang.
    [Fact]
    public async Task Handler_WithoutMemory_EndsItsConnectionAndTheLoopGoesOn()
    {
        using var running = new RunningLoop();
        var (socket, peer) = await running.ConnectAsync();
        using var _ = peer;
        var (other, otherPeer) = await running.ConnectAsync();
        using var __ = otherPeer;
        await running.RunAsync(() =>
        {
            Assert.Equal(SocketStatus.WouldBlock, socket.Receive(new byte[1], out var count));
            socket.WhenReadable().Call(() => ExceptionDispatchInfo.Throw(new NoMemoryException()));
            return Task.CompletedTask;
        });

        await peer.SendAsync("x"u8.ToArray(), TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<SocketException>(async () => await peer.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));

        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        Assert.Contains("NoMemoryException", Assert.Single(running.Errors), StringComparison.Ordinal);
        await running.RunAsync(() =>
        {
            Assert.False(other.IsClosed);
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Failure_ThatCannotEvenBeLogged_IsCountedAndTheLoopGoesOn()
    {
        using var loop = new EventLoop(0, new FailingLogger());
        loop.Start();
        loop.Post(_ => ExceptionDispatchInfo.Throw(new NoMemoryException()), null);
        var goesOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(_ => goesOn.SetResult(), null);
        await goesOn.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(1, loop.Unreported);
    }

    [Fact]
    public async Task Delay_OfAnIdleLoop_WakesItInTime()
    {
        using var running = new RunningLoop();
        var order = new List<int>();
        await running.RunAsync(() => Task.WhenAll(
            NoteAsync(running.Loop, order, 30), NoteAsync(running.Loop, order, 10), NoteAsync(running.Loop, order, 20)));
        Assert.Equal([10, 20, 30], order);
    }

    [Fact]
    public async Task Defer_WithoutEnd_LeavesTurnsToOthers()
    {
        using var running = new RunningLoop();
        var stop = false;
        await running.RunAsync(async () =>
        {
            Again();
            await running.Loop.Delay(TimeSpan.FromMilliseconds(1));
            stop = true;
        });

        void Again()
        {
            if (!stop)
                running.Loop.Defer(Again);
        }
    }

    [Fact]
    public async Task Dispose_OfASleepingLoop_Returns()
    {
        var running = new RunningLoop();
        await running.RunAsync(() => Task.CompletedTask);
        await Task.Run(running.Dispose, TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Post_ToALoopThatIsGone_WritesIntoNobodysFile()
    {
        var running = new RunningLoop();
        await running.RunAsync(() => Task.CompletedTask);
        running.Dispose();
        // They take the numbers that the loop's descriptors had.
        var files = Enumerable.Range(0, 64).Select(_ => Libc.CreateEvent(0, Libc.NonBlocking | Libc.CloseOnExec)).ToList();

        running.Loop.Post(_ => { }, null);

        // eventfd-count, in proc_pid_fdinfo(5).
        var counts = files.ConvertAll(file => File.ReadLines($"/proc/self/fdinfo/{file}").First(l => l.StartsWith("eventfd-count", StringComparison.Ordinal)));
        files.ForEach(file => Assert.Equal(0, Libc.Close(file)));
        Assert.All(counts, count => Assert.Equal("0", count.Split(':')[1].Trim()));
    }

    private static async Task NoteAsync(EventLoop loop, List<int> order, int milliseconds)
    {
        await loop.Delay(TimeSpan.FromMilliseconds(milliseconds));
        order.Add(milliseconds);
    }

    private sealed class Speechless : Exception
    {
        public override string Message => throw new InvalidOperationException("no words");
    }

    private sealed class FailingLogger : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            ExceptionDispatchInfo.Throw(new NoMemoryException());
    }

    private sealed class NoMemoryException : OutOfMemoryException;
}
