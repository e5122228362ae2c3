using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Sidecar.Options;
using Sidecar.Transport.Epoll;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Transport.Epoll;

/// <summary>An event loop of its own for a test; the test's code runs on it. A logged error fails the test.</summary>
internal sealed class RunningLoop : IDisposable
{
    private readonly ErrorLog _errors = new();
    private readonly LoggerFactory _loggers;

    public RunningLoop()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll exists only on Linux");
        _loggers = new LoggerFactory([_errors]);
        Loop = new EventLoop(0, _loggers.CreateLogger<EventLoop>());
        Loop.Start();
    }

    public EventLoop Loop { get; }

    /// <summary>What the loop has logged as errors.</summary>
    public IReadOnlyCollection<string> Errors => _errors.Lines;

    /// <summary>Runs code on the loop; its awaits come back to it.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> code, TimeSpan? limit = null)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop.Post(_ => _ = CompleteAsync(), null);
        return result.Task.WaitAsync(limit ?? SocketTalk.Limit, TestContext.Current.CancellationToken);

        async Task CompleteAsync()
        {
            try
            {
                result.SetResult(await code());
            }
            catch (Exception error)
            {
                result.SetException(error);
            }
        }
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Func<Task> code, TimeSpan? limit = null) => RunAsync(
        async () =>
        {
            await code();
            return true;
        },
        limit);

    /// <summary>A socket on the loop, connected to a framework's socket that the test plays.</summary>
    public async Task<(EpollSocket Socket, Socket Peer)> ConnectAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // What accepted sockets inherit from a listener of the sidecar.
        new TcpOptions().Apply(listener);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        var descriptor = Accept(listener);
        return (await RunAsync(() => Task.FromResult(EpollSocket.Open(Loop, descriptor, isConnected: true))), peer);
    }

    // The framework would not let go of a descriptor that it has accepted itself: disposing such a socket waits for ever.
    private static unsafe int Accept(Socket listener)
    {
        var descriptor = Libc.Accept((int)listener.Handle, null, null, Libc.NonBlocking | Libc.CloseOnExec);
        Assert.True(descriptor >= 0, Libc.Describe(Libc.Error));
        return descriptor;
    }

    /// <summary>A connection on the loop, as <see cref="ConnectAsync"/> makes its socket.</summary>
    public async Task<(EpollConnection Connection, Socket Peer)> OpenAsync()
    {
        var (socket, peer) = await ConnectAsync();
        return (new EpollConnection(socket, (IPEndPoint)peer.LocalEndPoint!), peer);
    }

    public void Dispose()
    {
        Loop.Dispose();
        _loggers.Dispose();
    }
}
