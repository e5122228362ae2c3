using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Net;

namespace Sidecar.Transport.Epoll;

/// <summary>
/// A connection on an event loop. Stages that parse use its pipe. The relay moves bytes from socket to socket with
/// <see cref="Receive"/> and <see cref="Send"/>.
/// </summary>
internal sealed class EpollConnection : ConnectionContext, IRelaySocket
{
    private IDuplexPipe? _transport;
    private string? _id;
    private IDictionary<object, object?>? _items;
    private IFeatureCollection? _features;
    private EndPoint? _local;

    /// <param name="socket">The connected socket.</param>
    /// <param name="remote">Its peer.</param>
    public EpollConnection(EpollSocket socket, IPEndPoint remote) => (Socket, RemoteEndPoint) = (socket, remote);

    /// <summary>Takes over a connected descriptor; if that fails, the descriptor is closed.</summary>
    public static EpollConnection Open(EventLoop loop, int descriptor, IPEndPoint remote)
    {
        var socket = EpollSocket.Open(loop, descriptor, isConnected: true);
        try
        {
            return new EpollConnection(socket, remote);
        }
        catch
        {
            socket.Reset();
            throw;
        }
    }

    public EpollSocket Socket { get; }

    public override IDuplexPipe Transport
    {
        get => _transport ??= EpollStream.CreatePipe(Socket);
        // The relay does not use the pipe but the sockets.
        set => throw new NotSupportedException();
    }

    public override string ConnectionId
    {
        get => _id ??= Guid.NewGuid().ToString("N");
        set => _id = value;
    }

    public override IFeatureCollection Features => _features ??= new SmallFeatureCollection(this);

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

    /// <inheritdoc/>
    public bool HasNews => Socket.HasNews;

    /// <inheritdoc/>
    public bool IsBroken => Socket.IsBroken;

    /// <inheritdoc/>
    public string? ErrorText => Socket.ErrorText;

    /// <inheritdoc/>
    public int Unsent => Socket.Unsent;

    /// <inheritdoc/>
    public int Unacknowledged => Socket.Unacknowledged;

    /// <inheritdoc/>
    public int GetRawOption(KernelOption option, Span<byte> value) => Socket.GetOption(option, value);

    /// <inheritdoc/>
    public void SetRawOption(KernelOption option, int value) => Socket.SetOption(option, value);

    /// <inheritdoc/>
    public void ShutdownSend() => Socket.ShutdownSend();

    /// <summary>Reads into the loop's buffer: first the bytes that the pipe has read ahead, then bytes of the socket.</summary>
    public SocketStatus Receive(int limit, out Span<byte> chunk)
    {
        var buffer = Socket.Loop.Scratch.AsSpan(0, Math.Min(limit, EventLoop.ScratchSize));
        if (_transport is not null && TakeAhead(_transport.Input, buffer) is var ahead and > 0)
        {
            chunk = buffer[..ahead];
            return SocketStatus.Done;
        }

        var status = Socket.Receive(buffer, out var count);
        chunk = buffer[..count];
        return status;
    }

    /// <inheritdoc/>
    public SocketStatus Send(ReadOnlySpan<byte> bytes, out int count) => Socket.Send(bytes, out count);

    /// <inheritdoc/>
    public void WhenReadable(Action callback) => Socket.WhenReadable().Call(callback);

    /// <inheritdoc/>
    public void WhenWritable(Action callback) => Socket.WhenWritable().Call(callback);

    /// <inheritdoc/>
    public void Defer(Action callback) => Socket.Loop.Defer(callback);

    /// <inheritdoc/>
    public void WakeWhenBroken(IRelaySocket other) => Socket.WakeWhenBroken(other);

    /// <inheritdoc/>
    public void Wake() => Socket.Wake();

    /// <inheritdoc/>
    public Task WhenAllIsSentAsync() => Socket.WhenAllIsSentAsync();

    /// <summary>Resets the connection. Any thread may call it.</summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (EventLoop.Current == Socket.Loop)
            Socket.Reset();
        else
            Socket.Loop.Post(static socket => ((EpollSocket)socket!).Reset(), Socket);
    }

    /// <summary>Closes. A peer that is still sending gets a moment to take the sent bytes.</summary>
    public override async ValueTask DisposeAsync()
    {
        await Socket.Loop.Enter();
        if (!Socket.HasEnded)
        {
            var isUnderWay = Socket.Unsent > 0;
            // After a FIN the peer takes even a reset for an end.
            Socket.ShutdownSend();
            // Unread bytes turn the close into a reset, which drops the bytes that are still under way.
            if (isUnderWay)
                await Socket.WhenAllIsSentAsync();
        }

        Socket.Close();
        if (_transport is not null)
            await _transport.Input.CompleteAsync();
        await base.DisposeAsync();
    }

    private static int TakeAhead(PipeReader input, Span<byte> buffer)
    {
        if (!input.TryRead(out var ahead))
            return 0;
        var chunk = ahead.Buffer.Slice(0, Math.Min(ahead.Buffer.Length, buffer.Length));
        chunk.CopyTo(buffer);
        input.AdvanceTo(chunk.End);
        return (int)chunk.Length;
    }
}
