using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Sidecar.Transport.Sockets;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Transport.Sockets;

/// <summary>What a listener waits for when it stops, and what it does with stages that fail.</summary>
[SystemTest]
public sealed class DispatchingListenerTests : IDisposable
{
    private readonly ErrorLog _errors = new();
    private readonly LoggerFactory _loggers;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public DispatchingListenerTests()
    {
        _loggers = new LoggerFactory([_errors]);
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Listen(512);
        Port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private int Port { get; }

    public void Dispose()
    {
        _loggers.Dispose();
        _socket.Dispose();
    }

    [Fact]
    public async Task Stop_WithAConnectionThatHasNotBegun_WaitsForIt()
    {
        using var gate = new ManualResetEventSlim();
        var accepted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ending = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = Listen(_ =>
        {
            accepted.SetResult();
            gate.Wait(Cancellation);
            return ending.Task;
        });
        using var client = await SocketTalk.ConnectAsync(Port);
        await accepted.Task.WaitAsync(SocketTalk.Limit, Cancellation);

        var stopping = listener.StopAsync();

        await Assert.ThrowsAsync<TimeoutException>(() => stopping.WaitAsync(TimeSpan.FromMilliseconds(100), Cancellation));
        gate.Set();
        await stopping.WaitAsync(SocketTalk.Limit, Cancellation);
        var disposing = listener.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<TimeoutException>(() => disposing.WaitAsync(TimeSpan.FromMilliseconds(100), Cancellation));
        ending.SetResult();
        await disposing.WaitAsync(SocketTalk.Limit, Cancellation);
        Assert.Empty(_errors.Lines);
    }

    [Fact]
    public async Task Stop_WithConnectionsInTheQueue_ServesThemAndRefusesLaterOnes()
    {
        var clients = new List<Socket>();
        for (var i = 0; i < 20; i++)
            clients.Add(await SocketTalk.ConnectAsync(Port));

        var listener = Listen(async connection => await connection.Transport.Output.WriteAsync("hello"u8.ToArray(), Cancellation));
        await listener.StopAsync().WaitAsync(SocketTalk.Limit, Cancellation);

        foreach (var client in clients)
            Assert.Equal("hello"u8.ToArray(), await client.ReadToEndAsync());
        var refused = await Assert.ThrowsAsync<SocketException>(() => SocketTalk.ConnectAsync(Port));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        await listener.DisposeAsync();
        clients.ForEach(client => client.Dispose());
        Assert.Empty(_errors.Lines);
    }

    [Fact]
    public async Task Stage_ThatThrows_IsLoggedAndItsConnectionClosed()
    {
        var listener = Listen(_ => throw new InvalidOperationException("a bug"));
        using var client = await SocketTalk.ConnectAsync(Port);

        Assert.Empty(await client.ReadToEndAsync());

        await listener.DisposeAsync();
        Assert.Contains("A connection ended by a bug", Assert.Single(_errors.Lines), StringComparison.Ordinal);
    }

    private DispatchingListener Listen(ConnectionDelegate accepted)
    {
        var logger = _loggers.CreateLogger<DispatchingListenerTests>();
        return new DispatchingListener(new SocketAcceptor(_socket.LocalEndPoint!, _socket, TimeProvider.System, logger), accepted, logger);
    }
}
