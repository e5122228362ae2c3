using System.Net.Sockets;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;

namespace Sidecar.Transport.Sockets;

/// <summary>Runs the stages of the connections that a <see cref="SocketAcceptor"/> accepts, on the thread pool.</summary>
internal sealed partial class DispatchingListener : IProxyListener
{
    private readonly SocketAcceptor _acceptor;
    private readonly ConnectionDelegate _accepted;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Accepted connections that have not begun, and connections that have not ended. The listener counts as one until it stops accepting.
    private int _waiting = 1;
    private int _live = 1;

    /// <summary>Starts to accept.</summary>
    public DispatchingListener(SocketAcceptor acceptor, ConnectionDelegate accepted, ILogger logger)
    {
        (_acceptor, _accepted, _logger) = (acceptor, accepted, logger);
        _ = Task.Run(AcceptAsync);
    }

    /// <inheritdoc/>
    public Task StopAsync()
    {
        _acceptor.Stop();
        return _begun.Task;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _idle.Task;
        _acceptor.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (await _acceptor.AcceptAsync() is { } socket)
        {
            Interlocked.Increment(ref _waiting);
            Interlocked.Increment(ref _live);
            ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Listener.ServeAsync(work.Socket), (Listener: this, Socket: socket), preferLocal: false);
        }

        Leave(ref _waiting, _begun);
        Leave(ref _live, _idle);
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await Begin(socket);
        }
        catch (Exception bug)
        {
            Log.Bug(_logger, bug);
        }
        finally
        {
            Leave(ref _live, _idle);
        }
    }

    // A connection counts as begun when its stages have run up to their first wait.
    private Task Begin(Socket socket)
    {
        try
        {
            return RunAsync(socket);
        }
        finally
        {
            Leave(ref _waiting, _begun);
        }
    }

    private async Task RunAsync(Socket socket)
    {
        // The first stage closes the connection, because it must account for it afterwards. If that stage fails, it is closed here.
        await using var connection = SocketConnection.Open(socket);
        await _accepted(connection);
    }

    private static void Leave(ref int count, TaskCompletionSource last)
    {
        if (Interlocked.Decrement(ref count) == 0)
            last.TrySetResult();
    }

    private static partial class Log
    {
        [LoggerMessage(34, LogLevel.Error, "A connection ended by a bug")]
        public static partial void Bug(ILogger logger, Exception bug);
    }
}
