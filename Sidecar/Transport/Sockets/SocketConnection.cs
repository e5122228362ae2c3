using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Sidecar.Transport.Sockets;

/// <summary>
/// An outbound connection whose pipes stand for its two directions: completing the output shuts down only the sending side.
/// Kestrel's own client connection would shut down both.
/// </summary>
internal sealed class SocketConnection : ConnectionContext
{
    // Large reads cost fewer turns; zero-byte reads hold no buffer while the connection is idle.
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: 64 * 1024, minimumReadSize: 4096, leaveOpen: true, useZeroByteReads: true);

    private static readonly ConnectionAbortedException Disposed = new("The connection was closed.");

    private readonly Socket _socket;
    private string? _id;

    public SocketConnection(Socket socket)
    {
        _socket = socket;
        var raw = new FrameworkSocket(socket);
        Features.Set<IRawSocket>(raw);
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        Transport = new Pipes(
            PipeReader.Create(new NetworkStream(socket, ownsSocket: false), ReaderOptions),
            SendingSide.CreateWriter(raw));
    }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId
    {
        get => _id ??= Guid.NewGuid().ToString("N");
        set => _id = value;
    }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    /// <summary>Resets the connection: the peer must not take a cut stream for a whole one.</summary>
    public override void Abort(ConnectionAbortedException abortReason) => _socket.Close(timeout: 0);

    public override async ValueTask DisposeAsync()
    {
        await Transport.Input.CompleteAsync();
        // An orderly end was written before. What a failed relay left unsent must not follow now.
        await Transport.Output.CompleteAsync(Disposed);
        _socket.Dispose();
        await base.DisposeAsync();
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
