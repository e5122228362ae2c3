using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Sidecar.Transport.Epoll;

/// <summary>An event loop's socket as a stream, for stages that parse through a pipe. Disposing it ends the sending direction.</summary>
internal sealed class EpollStream(EpollSocket socket) : Stream
{
    // Handshake messages have at most some hundred bytes; bytes that come with them are relayed from this buffer.
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: 4096, leaveOpen: true);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>A pipe over the socket. Completing its output is the end of the stream, a FIN.</summary>
    public static IDuplexPipe CreatePipe(EpollSocket socket)
    {
        var stream = new EpollStream(socket);
        return new Pipe(PipeReader.Create(stream, ReaderOptions), PipeWriter.Create(stream));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await socket.Loop.Enter();
        using var cancelled = cancellationToken.UnsafeRegister(
            static self => ((EpollSocket)self!).Loop.Post(static s => ((EpollSocket)s!).WakeReader(), self), socket);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var status = socket.Receive(buffer.Span, out var count);
            if (status is SocketStatus.Done or SocketStatus.Ended)
                return count;
            if (status != SocketStatus.WouldBlock)
                throw Failure(status);
            await socket.WhenReadable();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await socket.Loop.Enter();
        while (buffer.Length > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var status = socket.Send(buffer.Span, out var count);
            if (status == SocketStatus.WouldBlock)
                await socket.WhenWritable();
            else if (status != SocketStatus.Done)
                throw Failure(status);
            buffer = buffer[count..];
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("an event loop must never wait");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("an event loop must never wait");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            socket.ShutdownSend();
        base.Dispose(disposing);
    }

    // The same exceptions as in Kestrel's own transport, so that stages need to know only one kind.
    private Exception Failure(SocketStatus status) => status == SocketStatus.Closed
        ? new ConnectionAbortedException("The connection was closed by this process.")
        : new ConnectionResetException(socket.ErrorText!);

    private sealed record Pipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
