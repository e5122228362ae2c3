using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Chassis.Net;

/// <summary>
/// Accepts on a listening socket and gives the connections, which are those of Kestrel's socket transport, to Kestrel. Unlike
/// the listener of that transport, it waits while no descriptor is left, and knows which connections have not begun yet.
/// </summary>
public sealed partial class SocketListener : IConnectionListener
{
    // Until descriptors or memory are available again.
    private static readonly TimeSpan BackOff = TimeSpan.FromMilliseconds(100);

    // The limit of the last accepts, if clients come faster than they are accepted.
    private static readonly TimeSpan LastLook = TimeSpan.FromMilliseconds(250);

    // When descriptors come and go, every other attempt can succeed.
    private static readonly TimeSpan WarnEvery = TimeSpan.FromSeconds(10);

    private readonly Socket _socket;
    private readonly SocketConnectionContextFactory _connections;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _stopped;
    private long? _warned;
    private bool _closed;

    // Accepted connections that have not begun. The listener itself counts as one until it is closed.
    private int _waiting = 1;

    /// <summary>Takes over a listening socket. When Kestrel calls <see cref="AcceptAsync"/>, it accepts on this socket.</summary>
    /// <param name="endPoint">The bound address.</param>
    /// <param name="socket">The listening socket. Accepted ones inherit its options.</param>
    /// <param name="options">Options for the pipes of connections.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets a line when no connection can be accepted.</param>
    public SocketListener(EndPoint endPoint, Socket socket, SocketTransportOptions options, TimeProvider time, ILogger<SocketListener> logger)
    {
        (EndPoint, _socket, _time, _logger) = (endPoint, socket, time, logger);
        _connections = new SocketConnectionContextFactory(
            new SocketConnectionFactoryOptions
            {
                IOQueueCount = options.IOQueueCount,
                MaxReadBufferSize = options.MaxReadBufferSize,
                MaxWriteBufferSize = options.MaxWriteBufferSize,
                UnsafePreferInlineScheduling = options.UnsafePreferInlineScheduling,
                WaitForDataBeforeAllocatingBuffer = options.WaitForDataBeforeAllocatingBuffer,
            },
            logger);
        // For its first timer the runtime starts a thread. It cannot when no descriptor is left, which is when the timer is needed.
        using var timer = new Timer(static _ => { }, null, TimeSpan.FromDays(1), Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public EndPoint EndPoint { get; }

    /// <summary>The next connection; null when the listener has been stopped and has accepted all that the kernel had queued.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        using var untilStopped = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, cancellationToken);
        while (!_stop.IsCancellationRequested || IsMoreQueued())
        {
            try
            {
                return Open(await _socket.AcceptAsync(_stop.IsCancellationRequested ? cancellationToken : untilStopped.Token));
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                // A last look at the queue follows.
            }
            catch (SocketException error) when (IsOfOneConnection(error.SocketErrorCode))
            {
                // The next one may be good.
            }
            catch (SocketException error) when (!_stop.IsCancellationRequested)
            {
                // No descriptor or no memory is left. Any other error can last too, and must not make this loop spin.
                Warn(error.Message);
                await Task.Delay(BackOff, _time, untilStopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                break;
            }
        }

        Close();
        return null;
    }

    /// <summary>A connection that <see cref="AcceptAsync"/> returned has reached its first stage.</summary>
    public void Begin()
    {
        if (Interlocked.Decrement(ref _waiting) == 0)
            _begun.TrySetResult();
    }

    /// <summary>Accepts the queued connections and closes the socket; completes when each accepted connection has begun.</summary>
    public Task StopAsync()
    {
        Stop();
        return _begun.Task;
    }

    /// <summary>
    /// Makes the pending <see cref="AcceptAsync"/> accept the queued connections and close the socket; Kestrel waits for its end.
    /// </summary>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        Stop();
        return default;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Stop();
        _socket.Dispose();
        _connections.Dispose();
        return default;
    }

    // The connection was reset while it was in the queue.
    private static bool IsOfOneConnection(SocketError error) =>
        error is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.NotConnected or SocketError.Interrupted;

    private bool IsMoreQueued() =>
        !_closed && _time.GetElapsedTime(Volatile.Read(ref _stopped)) < LastLook && _socket.Poll(0, SelectMode.SelectRead);

    private ConnectionContext Open(Socket accepted)
    {
        try
        {
            var connection = _connections.Create(accepted);
            Interlocked.Increment(ref _waiting);
            return connection;
        }
        catch
        {
            accepted.Dispose();
            throw;
        }
    }

    private void Stop()
    {
        if (Interlocked.CompareExchange(ref _stopped, _time.GetTimestamp(), 0) == 0)
            _stop.Cancel();
    }

    private void Close()
    {
        if (_closed)
            return;
        _closed = true;
        _socket.Dispose();
        Begin();
    }

    private void Warn(string error)
    {
        if (_warned is { } warned && _time.GetElapsedTime(warned) < WarnEvery)
            return;
        _warned = _time.GetTimestamp();
        Log.CannotAccept(_logger, EndPoint, error);
    }

    private static partial class Log
    {
        [LoggerMessage(904, LogLevel.Warning, "Cannot accept connections on {Address}: {Error}; trying again every 100 ms")]
        public static partial void CannotAccept(ILogger logger, EndPoint address, string error);
    }
}
