using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Chassis;

[SystemTest]
public sealed class SocketListenerTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly ListenSockets _sockets = new();
    private readonly SocketListener _listener;
    private readonly int _port;

    public SocketListenerTests()
    {
        var address = _sockets.Bind(new IPEndPoint(IPAddress.Loopback, 0), "--listen");
        _port = address.Port;
        _listener = new SocketListener(address, _sockets.Take(address), new SocketTransportOptions(), _time, NullLogger<SocketListener>.Instance);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        _sockets.Dispose();
    }

    [Fact]
    public async Task Accept_AConnection_IsServed()
    {
        using var client = await SocketTalk.ConnectAsync(_port);
        await using var connection = await AcceptAsync();

        await connection!.Transport.Output.WriteAsync("hello"u8.ToArray(), Cancellation);

        Assert.Equal("hello", await client.ReadTextAsync(5));
    }

    [Fact]
    public async Task Stop_WithConnectionsInTheQueue_AcceptsThemAndRefusesLaterOnes()
    {
        using var first = await SocketTalk.ConnectAsync(_port);
        using var second = await SocketTalk.ConnectAsync(_port);
        _listener.Stop();

        foreach (var client in (Socket[])[first, second])
        {
            await using var connection = await AcceptAsync();
            Assert.Equal(client.LocalEndPoint, connection!.RemoteEndPoint);
        }

        Assert.Null(await AcceptAsync());
        var refused = await Assert.ThrowsAsync<SocketException>(() => SocketTalk.ConnectAsync(_port));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        Assert.Null(await AcceptAsync());
    }

    [Fact]
    public async Task Stop_WhileClientsComeFasterThanTheyAreAccepted_EndsAllTheSame()
    {
        using var first = await SocketTalk.ConnectAsync(_port);
        using var second = await SocketTalk.ConnectAsync(_port);
        _listener.Stop();
        await using var connection = await AcceptAsync();
        Assert.NotNull(connection);

        _time.Advance(TimeSpan.FromMilliseconds(250));

        Assert.Null(await AcceptAsync());
        await second.IsResetAsync();
    }

    [Fact]
    public async Task Accept_ThatIsCancelled_ThrowsAndTheNextOneAccepts()
    {
        using var cancellation = new CancellationTokenSource();
        var accepting = _listener.AcceptAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting);

        using var client = await SocketTalk.ConnectAsync(_port);
        await using var connection = await AcceptAsync();
        Assert.NotNull(connection);
    }

    private Task<ConnectionContext?> AcceptAsync() => _listener.AcceptAsync(Cancellation).AsTask().WaitAsync(SocketTalk.Limit, Cancellation);
}
