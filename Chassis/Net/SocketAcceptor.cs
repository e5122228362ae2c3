using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Chassis.Net;

/// <summary>
/// Accepts on a listening socket. While no descriptor is left, it pauses; Kestrel's own listener would spin. When it stops, it
/// accepts the connections that the kernel has queued.
/// </summary>
public sealed partial class SocketAcceptor : IDisposable
{
    // Pause until the next attempt, when descriptors or memory may be free again.
    private static readonly TimeSpan BackOff = TimeSpan.FromMilliseconds(100);

    // Time limit for the last look at the queue, for the case that clients come faster than they are accepted.
    private static readonly TimeSpan LastLook = TimeSpan.FromMilliseconds(250);

    // When descriptors are scarce, attempts fail and succeed in turn; not every failure is logged.
    private static readonly TimeSpan WarnEvery = TimeSpan.FromSeconds(10);

    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private long _stopped;
    private long? _warned;
    private bool _closed;

    /// <summary>Takes over a listening socket.</summary>
    /// <param name="endPoint">The address as it was bound.</param>
    /// <param name="socket">The listening socket. Accepted sockets inherit its options.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logs when nothing can be accepted.</param>
    public SocketAcceptor(EndPoint endPoint, Socket socket, TimeProvider time, ILogger logger)
    {
        (EndPoint, _socket, _time, _logger) = (endPoint, socket, time, logger);
        // The runtime starts its timer thread for the first timer, and cannot do so without a free descriptor. So one timer is made now.
        using var timer = new Timer(static _ => { }, null, TimeSpan.FromDays(1), Timeout.InfiniteTimeSpan);
    }

    /// <summary>The address as it was bound.</summary>
    public EndPoint EndPoint { get; }

    /// <summary>The next connection's socket; null after <see cref="Stop"/>, when the queued connections have been accepted.</summary>
    public async ValueTask<Socket?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        using var untilStopped = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, cancellationToken);
        while (!_stop.IsCancellationRequested || IsMoreQueued())
        {
            try
            {
                return await _socket.AcceptAsync(_stop.IsCancellationRequested ? cancellationToken : untilStopped.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                // A last look at the queue follows.
            }
            catch (SocketException error) when (IsOfOneConnection(error.SocketErrorCode))
            {
                // The next connection may be good.
            }
            catch (SocketException error) when (!_stop.IsCancellationRequested)
            {
                // No descriptor or no memory is left. Any other error may last too, and retrying it at once would spin.
                Warn(error.Message);
                await Task.Delay(BackOff, _time, untilStopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                break;
            }
        }

        _closed = true;
        _socket.Dispose();
        return null;
    }

    /// <summary>Makes pending and later calls of <see cref="AcceptAsync"/> accept the queued connections and close the socket.</summary>
    public void Stop()
    {
        if (Interlocked.CompareExchange(ref _stopped, _time.GetTimestamp(), 0) == 0)
            _stop.Cancel();
    }

    /// <summary>Stops and closes the socket at once.</summary>
    public void Dispose()
    {
        Stop();
        _socket.Dispose();
    }

    // Errors of a single connection, such as a reset while it was in the queue.
    private static bool IsOfOneConnection(SocketError error) =>
        error is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.NotConnected or SocketError.Interrupted;

    private bool IsMoreQueued() =>
        !_closed && _time.GetElapsedTime(Volatile.Read(ref _stopped)) < LastLook && _socket.Poll(0, SelectMode.SelectRead);

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
