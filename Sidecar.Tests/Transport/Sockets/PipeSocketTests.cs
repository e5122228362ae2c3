using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Sidecar.Transport;
using Sidecar.Transport.Sockets;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Transport.Sockets;

/// <summary>A pipe that calls back on the thread that fills it, as a carried connection's does.</summary>
public sealed class PipeSocketTests
{
    private const int Chunk = 64 * 1024;

    [ThreadStatic]
    private static bool _isFilling;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Callbacks_OfAThreadThatReceivesOnAndOn_LeaveItAfterManyBytes()
    {
        var options = new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);
        var pipe = new Pipe(options);
        var connection = new DefaultConnectionContext { Transport = new Pipes(pipe.Reader, new Pipe(options).Writer) };
        var socket = new PipeSocket(connection, raw: null);
        var (onThisThread, elsewhere) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        ReadOn();

        for (var sent = 0; sent <= 1024 * 1024 && !elsewhere.Task.IsCompleted; sent += Chunk)
        {
            _isFilling = true;
            var filling = pipe.Writer.WriteAsync(new byte[Chunk], Cancellation);
            _isFilling = false;
            await filling;
        }

        await elsewhere.Task.WaitAsync(SocketTalk.Limit, Cancellation);
        Assert.InRange(onThisThread, 1, 8);

        void OnReadable()
        {
            if (_isFilling)
                onThisThread++;
            else
                elsewhere.TrySetResult();
            ReadOn();
        }

        void ReadOn()
        {
            while (socket.Receive(int.MaxValue, out _) == SocketStatus.Done)
            {
                // All that is there.
            }

            socket.WhenReadable(OnReadable);
        }
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
