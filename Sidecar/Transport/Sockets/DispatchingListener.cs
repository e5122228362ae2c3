using Chassis.Net;
using Microsoft.AspNetCore.Connections;

namespace Sidecar.Transport.Sockets;

/// <summary>Runs the stages of what a <see cref="SocketListener"/> accepts, each connection's on the thread pool, as Kestrel's dispatcher does.</summary>
internal sealed partial class DispatchingListener : IProxyListener
{
    private readonly SocketListener _listener;
    private readonly ConnectionDelegate _accepted;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The listener itself counts as one until it accepts no more.
    private int _live = 1;

    /// <summary>Starts to accept.</summary>
    public DispatchingListener(SocketListener listener, ConnectionDelegate accepted, ILogger logger)
    {
        (_listener, _accepted, _logger) = (listener, accepted, logger);
        _ = Task.Run(AcceptAsync);
    }

    public Task StopAsync() => _listener.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _idle.Task;
        await _listener.DisposeAsync();
    }

    private async Task AcceptAsync()
    {
        while (await _listener.AcceptAsync() is { } connection)
        {
            Interlocked.Increment(ref _live);
            ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Listener.ServeAsync(work.Connection), (Listener: this, Connection: connection), preferLocal: false);
        }

        Leave();
    }

    private async Task ServeAsync(ConnectionContext connection)
    {
        try
        {
            // The first stage closes it, to account for it afterwards; should that stage fail, this does.
            await using (connection)
                await Begin(connection);
        }
        catch (Exception bug)
        {
            Log.Bug(_logger, bug);
        }
        finally
        {
            Leave();
        }
    }

    // What the stages do without waiting is done when the listener takes the connection for begun.
    private Task Begin(ConnectionContext connection)
    {
        try
        {
            return _accepted(connection);
        }
        finally
        {
            _listener.Begin();
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _live) == 0)
            _idle.TrySetResult();
    }

    private static partial class Log
    {
        [LoggerMessage(34, LogLevel.Error, "A connection ended by a bug")]
        public static partial void Bug(ILogger logger, Exception bug);
    }
}
