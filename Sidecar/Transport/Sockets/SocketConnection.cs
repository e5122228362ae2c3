using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Carrier = Pipelines.Sockets.Unofficial.SocketConnection;
using CarrierOptions = Pipelines.Sockets.Unofficial.SocketConnectionOptions;

namespace Sidecar.Transport.Sockets;

/// <summary>
/// A connection, accepted or dialled, that Pipelines.Sockets.Unofficial carries. Its pipes stand for its two directions: completing the
/// output ends only what is sent.
/// </summary>
internal sealed class SocketConnection : ConnectionContext
{
    // A block of a pipe: large reads cost fewer turns. A pipe without bytes holds none.
    private const int BlockSize = 64 * 1024;

    // The pause threshold of Kestrel's pipes for what is sent; so much is read ahead of a relay that cannot pass it on.
    private const int ReadAhead = 64 * 1024;

    // Inline, on the pool's thread that received: bytes are with the relay before a reset behind them is seen, which would drop them.
    private static readonly PipeOptions ReceiveOptions = new(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline,
        pauseWriterThreshold: ReadAhead, resumeWriterThreshold: ReadAhead / 2, minimumSegmentSize: BlockSize, useSynchronizationContext: false);

    // One byte is enough to wait: a flush ends once the kernel has taken all. Inline, a flush that need not wait sends by itself.
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

    /// <summary>Takes a connected socket over; it is closed if that fails.</summary>
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

    /// <summary>Resets the connection: the peer must not take a cut stream for a whole one.</summary>
    public override void Abort(ConnectionAbortedException abortReason) => _socket.Close(timeout: 0);

    /// <summary>Closes. What a flush has ended with still reaches the peer, the rest does not.</summary>
    public override async ValueTask DisposeAsync()
    {
        await Transport.Input.CompleteAsync();
        await _output.CompleteAsync(_output.IsAllSent ? null : Unsent);
        // Not the carrier's own Dispose: it gives the buffer of a receive back that may still be under way.
        _socket.Dispose();
        await base.DisposeAsync();
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
