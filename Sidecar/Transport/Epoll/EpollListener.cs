using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidecar.Net;

namespace Sidecar.Transport.Epoll;

/// <summary>
/// One listening socket, watched by every loop. The stages of a connection run on the loop that serves the connection; Kestrel
/// would dispatch them to the thread pool.
/// </summary>
internal sealed partial class EpollListener : IProxyListener
{
    private readonly EventLoops _loops;
    private readonly Socket _socket;
    private readonly ConnectionDelegate _accepted;
    private readonly IPEndPoint _address;
    private readonly ILogger _logger;
    private readonly Acceptor[] _acceptors;
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Lazy<Task> _stopped;

    // The listener itself counts as one until it has stopped.
    private int _live = 1;

    /// <summary>Starts to accept.</summary>
    /// <param name="address">The address as it was bound.</param>
    /// <param name="socket">The listening socket, which this takes over.</param>
    /// <param name="accepted">The stages of its connections.</param>
    /// <param name="loops">The loops that serve the connections.</param>
    /// <param name="logger">Logs errors of accepting.</param>
    public EpollListener(IPEndPoint address, Socket socket, ConnectionDelegate accepted, EventLoops loops, ILogger<EpollListener> logger)
    {
        (_address, _socket, _accepted, _loops, _logger) = (address, socket, accepted, loops, logger);
        _stopped = new Lazy<Task>(StopAcceptingAsync);
        socket.Blocking = false;
        _acceptors = [.. loops.All.Select(loop => new Acceptor(this, loop, (int)socket.Handle))];
        foreach (var acceptor in _acceptors)
            acceptor.Loop.Post(static a => ((Acceptor)a!).Watch(), acceptor);
    }

    /// <inheritdoc/>
    public Task StopAsync() => _stopped.Value;

    /// <summary>Completes when the last connection is gone; the time limit of the drain guarantees this.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _idle.Task;
    }

    private async Task StopAcceptingAsync()
    {
        foreach (var acceptor in _acceptors)
            await acceptor.StopAsync();
        // Still on the last acceptor's loop. A client that connects between this acceptor's last look and the close is reset.
        _socket.Dispose();
        // A connection that was handed to another loop has begun when that loop gets here.
        foreach (var acceptor in _acceptors)
            await acceptor.Loop.Enter();
        // The rest must not run on a loop.
        await Task.Yield();
        Leave();
    }

    private void Serve(Acceptor acceptor, int descriptor, IPEndPoint remote)
    {
        var loop = _loops.For(acceptor.Loop);
        Interlocked.Increment(ref _live);
        loop.CountConnections(1);
        if (loop == acceptor.Loop)
            _ = ServeAsync(acceptor, loop, descriptor, remote);
        else
            HandOver(acceptor, loop, descriptor, remote);
    }

    private void HandOver(Acceptor acceptor, EventLoop loop, int descriptor, IPEndPoint remote)
    {
        try
        {
            loop.Post(_ => _ = ServeAsync(acceptor, loop, descriptor, remote), null);
        }
        catch
        {
            _ = Libc.Close(descriptor);
            End(loop);
            throw;
        }
    }

    private async Task ServeAsync(Acceptor acceptor, EventLoop loop, int descriptor, IPEndPoint remote)
    {
        try
        {
            // The first stage closes the connection, because it must account for it afterwards. If that stage fails, it is closed here.
            await using var connection = EpollConnection.Open(loop, descriptor, remote);
            await _accepted(connection);
        }
        catch (Exception refused) when (refused is IOException or OutOfMemoryException)
        {
            // The kernel registers no more descriptors, or there is no memory; the next connection would fail too, so accepting pauses.
            acceptor.Loop.Post(_ => acceptor.Pause(refused.Message), null);
        }
        catch (Exception bug)
        {
            Log.Bug(_logger, bug);
        }
        finally
        {
            End(loop);
        }
    }

    private void End(EventLoop loop)
    {
        loop.CountConnections(-1);
        Leave();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _live) == 0)
            _idle.TrySetResult();
    }

    /// <summary>Accepts for one loop.</summary>
    private sealed class Acceptor(EpollListener listener, EventLoop loop, int descriptor) : ILoopHandler
    {
        // Limits a flood of new connections, so that the others get their turn. The event is level-triggered, so the rest comes next turn.
        private const int MaxPerTurn = 16;

        // Pause until the next attempt, when descriptors or memory may be free again.
        private static readonly TimeSpan BackOff = TimeSpan.FromMilliseconds(100);

        // Time limit for the last look at the queue, for the case that clients come faster than they are accepted.
        private static readonly TimeSpan LastLook = TimeSpan.FromMilliseconds(250);

        // When descriptors are scarce, attempts fail and succeed in turn; not every failure is logged.
        private static readonly TimeSpan WarnEvery = TimeSpan.FromSeconds(10);

        private int _slot = -1;
        private bool _stopped;
        private bool _paused;
        private long? _warned;

        public EventLoop Loop => loop;

        /// <summary>Makes the loop watch the listening socket; the kernel wakes one loop for each connection.</summary>
        public void Watch()
        {
            _paused = false;
            if (_stopped)
                return;
            try
            {
                _slot = loop.Register(descriptor, this, Libc.EpollIn | Libc.EpollExclusive);
            }
            catch (IOException error)
            {
                Pause(error.Message);
            }
        }

        /// <summary>Accepts the queued connections and stops; the caller continues on the loop.</summary>
        public async Task StopAsync()
        {
            await loop.Enter();
            var started = TimeProvider.System.GetTimestamp();
            while (!_stopped && TimeProvider.System.GetElapsedTime(started) < LastLook && Accept())
            {
                // Clients that were in the queue get the drain time too.
            }

            _stopped = true;
            Unwatch();
        }

        public void OnEvents(uint events)
        {
            for (var i = 0; i < MaxPerTurn && Accept(); i++)
            {
                // Each call accepts one connection.
            }
        }

        /// <inheritdoc/>
        public void OnFailed()
        {
            // The kernel reports waiting clients again.
        }

        /// <summary>Accepts nothing for a moment, and logs the reason at most once per <see cref="WarnEvery"/>.</summary>
        public void Pause(string error)
        {
            if (_paused || _stopped)
                return;
            _paused = true;
            if (_warned is not { } warned || TimeProvider.System.GetElapsedTime(warned) >= WarnEvery)
            {
                _warned = TimeProvider.System.GetTimestamp();
                Log.CannotAccept(listener._logger, listener._address, error);
            }

            Unwatch();
            loop.Timers.CreateTimer(static self => ((Acceptor)self!).Watch(), this, BackOff, Timeout.InfiniteTimeSpan);
        }

        private unsafe bool Accept()
        {
            var address = stackalloc byte[KernelAddress.MaxLength];
            var length = KernelAddress.MaxLength;
            var accepted = Libc.Accept(descriptor, address, &length, Libc.NonBlocking | Libc.CloseOnExec);
            if (accepted >= 0)
            {
                // Null: the client has reset the connection, and the kernel no longer knows its address.
                if (RemoteOf(accepted, new ReadOnlySpan<byte>(address, length)) is { } remote)
                    listener.Serve(this, accepted, remote);
                else
                    _ = Libc.Close(accepted);
                return true;
            }

            var error = Libc.Error;
            switch (error)
            {
                case Libc.WouldBlock:
                    return false;
                case Libc.Interrupted or Libc.ConnectionAborted:
                    // Only this connection is gone; the next one may be good.
                    return true;
                default:
                    // No descriptor or no memory is left. Any other error may last too, and retrying it at once would spin.
                    Pause(Libc.Describe(error));
                    return false;
            }
        }

        private static IPEndPoint? RemoteOf(int accepted, ReadOnlySpan<byte> address)
        {
            try
            {
                return KernelAddress.Read(address);
            }
            catch
            {
                _ = Libc.Close(accepted);
                throw;
            }
        }

        private void Unwatch()
        {
            if (_slot >= 0)
                loop.Unregister(_slot, descriptor);
            _slot = -1;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(31, LogLevel.Error, "A connection ended by a bug")]
        public static partial void Bug(ILogger logger, Exception bug);

        [LoggerMessage(32, LogLevel.Warning, "Cannot accept connections on {Address}: {Error}; trying again every 100 ms")]
        public static partial void CannotAccept(ILogger logger, IPEndPoint address, string error);
    }
}
