using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Sidecar.Transport.Epoll;

/// <summary>
/// A connection on an event loop. Stages that parse use its pipe; the relay moves bytes from socket to socket with
/// <see cref="Receive"/> and <see cref="EpollSocket.Send"/>.
/// </summary>
internal sealed class EpollConnection : ConnectionContext, IRawSocket
{
    // Of features that the stages set on one connection.
    private const int ExpectedFeatures = 10;

    // A refused client gets its answer and this long to take it, before unread bytes turn the close into a reset.
    private static readonly TimeSpan LingerLimit = TimeSpan.FromSeconds(1);
    private const int MaxDiscarded = 1024 * 1024;

    private IDuplexPipe? _transport;
    private bool _isReplaced;
    private string? _id;
    private IDictionary<object, object?>? _items;
    private EndPoint? _local;
    private CancellationTokenSource? _closedSource;

    private readonly bool _isAccepted;

    /// <param name="socket">The connected socket.</param>
    /// <param name="remote">Its peer.</param>
    /// <param name="isAccepted">Whether the peer has connected to this process.</param>
    public EpollConnection(EpollSocket socket, IPEndPoint remote, bool isAccepted) => (Socket, RemoteEndPoint, _isAccepted) = (socket, remote, isAccepted);

    public EpollSocket Socket { get; }

    /// <summary>Whether bytes may bypass the pipe: no stage has put another transport over it.</summary>
    public bool IsDirect => !_isReplaced;

    public override IDuplexPipe Transport
    {
        get => _transport ??= EpollStream.CreatePipe(Socket);
        set
        {
            _isReplaced = true;
            _transport = value;
        }
    }

    public override string ConnectionId
    {
        get => _id ??= Guid.NewGuid().ToString("N");
        set => _id = value;
    }

    public override IFeatureCollection Features { get; } = new FeatureCollection(ExpectedFeatures);

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new Dictionary<object, object?>();
        set => _items = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => _local ??= Socket.LocalEndPoint;
        set => _local = value;
    }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override CancellationToken ConnectionClosed
    {
        get => (_closedSource ??= new CancellationTokenSource()).Token;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public int GetRawOption(int level, int name, Span<byte> value) => Socket.GetOption(level, name, value);

    /// <summary>Reads what is there: first what the pipe has read ahead, then from the socket.</summary>
    public SocketStatus Receive(Span<byte> buffer, out int count)
    {
        if (_transport is null || !_transport.Input.TryRead(out var ahead))
            return Socket.Receive(buffer, out count);
        var chunk = ahead.Buffer.Slice(0, Math.Min(ahead.Buffer.Length, buffer.Length));
        chunk.CopyTo(buffer);
        count = (int)chunk.Length;
        _transport.Input.AdvanceTo(chunk.End);
        return count > 0 ? SocketStatus.Done : Socket.Receive(buffer, out count);
    }

    /// <summary>Resets the connection. Any thread may call it.</summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (EventLoop.Current == Socket.Loop)
            Socket.Reset();
        else
            Socket.Loop.Post(static socket => ((EpollSocket)socket!).Reset(), Socket);
    }

    /// <summary>Closes. A client that was answered and is still sending gets a moment to take the answer.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (_isAccepted && _transport is EpollStream.Pipe { HasSent: true } && !Socket.IsClosed && !Socket.HasEnded)
            await LingerAsync();
        Socket.Close();
        if (_transport is not null && !_isReplaced)
            await _transport.Input.CompleteAsync();
        if (_closedSource is { } closed)
        {
            _closedSource = null;
            await closed.CancelAsync();
            closed.Dispose();
        }

        await base.DisposeAsync();
    }

    private async ValueTask LingerAsync()
    {
        Socket.ShutdownSend();
        using var limit = Socket.Loop.Timers.CreateTimer(static socket => ((EpollSocket)socket!).Close(), Socket, LingerLimit, Timeout.InfiniteTimeSpan);
        for (var left = MaxDiscarded; left > 0;)
        {
            switch (Socket.Receive(Socket.Loop.Scratch, out var count))
            {
                case SocketStatus.Done:
                    left -= count;
                    break;
                case SocketStatus.WouldBlock:
                    await Socket.WhenReadable();
                    break;
                default:
                    return;
            }
        }
    }
}
