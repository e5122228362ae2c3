using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Carrier = Pipelines.Sockets.Unofficial.SocketConnection;
using CarrierOptions = Pipelines.Sockets.Unofficial.SocketConnectionOptions;

namespace Sidecar.Transport.Sockets;

/// <summary>
/// An accepted or dialled connection that Pipelines.Sockets.Unofficial carries. It has a pipe for each direction: completing the output
/// ends only the sending direction.
/// </summary>
internal sealed class SocketConnection : ConnectionContext
{
    // Size of a pipe's block: large reads need fewer turns. A pipe without bytes has no block.
    private const int BlockSize = 64 * 1024;

    // Most bytes that are read ahead while the relay cannot pass them on; the same as the pause threshold of Kestrel's output pipes.
    private const int ReadAhead = 64 * 1024;

    // Inline, on the pool thread that received: the relay gets bytes before a reset behind them is seen. The reset would drop them.
    private static readonly PipeOptions ReceiveOptions = new(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline,
        pauseWriterThreshold: ReadAhead, resumeWriterThreshold: ReadAhead / 2, minimumSegmentSize: BlockSize, useSynchronizationContext: false);

    // The pipe pauses after one byte, so a flush ends when the kernel has taken all bytes. Inline, a flush that need not wait sends itself.
    private static readonly PipeOptions SendOptions = new(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.ThreadPool,
        pauseWriterThreshold: 1, resumeWriterThreshold: 1, minimumSegmentSize: BlockSize, useSynchronizationContext: false);

    private static readonly IOException Unsent = new("The connection was closed.");

    private readonly Socket _socket;
    private readonly CarriedOutput _output;
    private string? _id;
    private IDictionary<object, object?>? _items;

    private SocketConnection(Socket socket)
    {
        _socket = socket;
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        var carrier = Carrier.Create(
            socket, SendOptions, ReceiveOptions,
            CarrierOptions.ZeroLengthReads | CarrierOptions.InlineReads | CarrierOptions.InlineWrites);
        var raw = new CarriedSocket(carrier);
        Features.Set<IRawSocket>(raw);
        _output = new CarriedOutput(carrier, raw);
        Transport = new Pipes(new CarriedInput(carrier, raw, _output), _output);
    }

    /// <summary>Takes over a connected socket; if that fails, the socket is closed.</summary>
    public static SocketConnection Open(Socket socket)
    {
        try
        {
            return new SocketConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId
    {
        get => _id ??= Guid.NewGuid().ToString("N");
        set => _id = value;
    }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new Dictionary<object, object?>();
        set => _items = value;
    }

    /// <summary>Resets the connection, so that the peer does not take a cut stream for a complete one.</summary>
    public override void Abort(ConnectionAbortedException abortReason) => _socket.Close(timeout: 0);

    /// <summary>Closes. Bytes of completed flushes still reach the peer, other bytes do not.</summary>
    public override async ValueTask DisposeAsync()
    {
        await Transport.Input.CompleteAsync();
        await _output.CompleteAsync(_output.IsAllSent ? null : Unsent);
        // The carrier's own Dispose is not called: it would return the buffer of a receive that may still be under way.
        _socket.Dispose();
        await base.DisposeAsync();
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
