using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Chassis.Net;

/// <summary>
/// A listener that had to move because its default port was in use, mostly by the process that this one replaces. Once a second
/// it checks whether the port is free. Then it listens there, and no longer on the other port.
/// </summary>
internal sealed partial class ReturningListener : IConnectionListener
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly IPEndPoint _wanted;
    private readonly Func<EndPoint, Socket, SocketListener> _listen;
    private readonly ILogger _logger;
    private readonly SocketListener _moved;
    private readonly ITimer _timer;
    private SocketListener _current;
    private bool _isStopped;

    /// <param name="moved">The listener until then.</param>
    /// <param name="wanted">The default address.</param>
    /// <param name="listen">Makes a listener for a listening socket.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets a line about the return.</param>
    public ReturningListener(SocketListener moved, IPEndPoint wanted, Func<EndPoint, Socket, SocketListener> listen, TimeProvider time, ILogger logger)
    {
        (_moved, _current, _wanted, _listen, _logger) = (moved, moved, wanted, listen, logger);
        _timer = time.CreateTimer(_ => Return(), null, Pause, Pause);
    }

    /// <summary>The address on which it listened at first.</summary>
    public EndPoint EndPoint => _moved.EndPoint;

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var listener = Volatile.Read(ref _current);
            // When one accept ends, the next one begins.
            if (await listener.AcceptAsync(cancellationToken) is { } connection)
                return connection;
            if (ReferenceEquals(listener, Volatile.Read(ref _current)))
                return null;
        }
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
            _isStopped = true;
        return _current.UnbindAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
            _isStopped = true;
        await _timer.DisposeAsync();
        await _moved.DisposeAsync();
        await _current.DisposeAsync();
    }

    private void Return()
    {
        lock (_gate)
        {
            if (_isStopped)
                return;
            try
            {
                _current = _listen(_wanted, ListenSockets.Open(_wanted, ListenSockets.DefaultBacklog));
            }
            catch (SocketException)
            {
                // Not free yet.
                return;
            }

            _isStopped = true;
        }

        _timer.Dispose();
        Log.Returned(_logger, _wanted, _moved.EndPoint);
        // Accepts the connections that are queued there, and ends.
        _moved.Stop();
    }

    private static partial class Log
    {
        [LoggerMessage(908, LogLevel.Information, "The default address {Wanted} is free again; it is used now instead of {Moved}")]
        public static partial void Returned(ILogger logger, EndPoint wanted, EndPoint moved);
    }
}
