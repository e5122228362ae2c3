using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Sidecar.Transport.Epoll;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Transport.Epoll;

/// <summary>Who serves an accepted connection, and what becomes of those that wait when the listener stops.</summary>
public sealed class EpollListenerTests : IDisposable
{
    private const int Loops = 3;

    private readonly ErrorLog _errors = new();
    private readonly LoggerFactory _loggers;
    private readonly EventLoops _loops;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public EpollListenerTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll exists only on Linux");
        _loggers = new LoggerFactory([_errors]);
        _loops = new EventLoops(Loops, _loggers.CreateLogger<EventLoop>());
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Listen(512);
    }

    private int Port { get; set; }

    public void Dispose()
    {
        _loops.Dispose();
        _loggers.Dispose();
        _socket.Dispose();
        Assert.Empty(_errors.Lines);
    }

    [Fact]
    public async Task Accept_OfManyConnections_SpreadsThemOverTheLoops()
    {
        const int count = 60;
        var listener = Listen(async connection => await connection.Transport.Input.ReadAsync());
        var clients = new List<Socket>();
        for (var i = 0; i < count; i++)
        {
            clients.Add(await SocketTalk.ConnectAsync(Port));
            // One after the other: each is counted before the next is placed.
            await Eventually.TrueAsync(() => _loops.All.Sum(l => l.Connections) == clients.Count);
        }

        // A loop keeps what it accepts unless another has more than two fewer.
        var counts = _loops.All.Select(l => l.Connections).ToList();
        Assert.InRange(counts.Max() - counts.Min(), 0, 3);
        clients.ForEach(client => client.Dispose());
        await listener.DisposeAsync();
        Assert.All(_loops.All, loop => Assert.Equal(0, loop.Connections));
    }

    [Fact]
    public async Task Stop_WithConnectionsInTheQueue_ServesThemAndRefusesLaterOnes()
    {
        const int count = 40;
        var listener = Listen(async connection => await connection.Transport.Output.WriteAsync("served"u8.ToArray()));
        using var release = new ManualResetEventSlim();
        // Loops that are busy leave all connections in the kernel's queue.
        foreach (var loop in _loops.All)
            loop.Post(_ => release.Wait(SocketTalk.Limit), null);
        var clients = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => SocketTalk.ConnectAsync(Port)));
        var stopping = listener.StopAsync();

        release.Set();
        await stopping.WaitAsync(SocketTalk.Limit, TestContext.Current.CancellationToken);

        foreach (var client in clients)
            Assert.Equal("served"u8.ToArray(), await client.ReadToEndAsync());
        var refused = await Assert.ThrowsAsync<SocketException>(() => SocketTalk.ConnectAsync(Port));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        await listener.DisposeAsync();
        Array.ForEach(clients, client => client.Dispose());
    }

    [Fact]
    public async Task Dispose_WhileAConnectionLives_WaitsForIt()
    {
        var listener = Listen(async connection => await connection.Transport.Input.ReadAsync());
        using var client = await SocketTalk.ConnectAsync(Port);
        await Eventually.TrueAsync(() => _loops.All.Sum(l => l.Connections) == 1);

        var disposing = listener.DisposeAsync().AsTask();

        await listener.StopAsync();
        Assert.False(disposing.IsCompleted);
        client.Finish();
        await disposing.WaitAsync(SocketTalk.Limit, TestContext.Current.CancellationToken);
    }

    private EpollListener Listen(ConnectionDelegate pipeline)
    {
        var address = (IPEndPoint)_socket.LocalEndPoint!;
        Port = address.Port;
        return new EpollListener(address, _socket, pipeline, _loops, _loggers.CreateLogger<EpollListener>());
    }
}
