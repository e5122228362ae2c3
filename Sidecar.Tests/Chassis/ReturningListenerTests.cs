using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

[SystemTest]
public sealed class ReturningListenerTests
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Accept_OnceTheDefaultPortIsFree_GoesOnThere()
    {
        var other = new ListenSockets();
        var wanted = other.Bind(new IPEndPoint(IPAddress.Loopback, 0), "--other");
        using var sockets = new ListenSockets();
        var moved = sockets.BindDefault(wanted, wanted.Port, "--metrics-address");
        await using var listener = await Transport(sockets).BindAsync(moved, Cancel);
        await ServedAsync(listener, moved);

        // Still taken.
        _time.Advance(Look);
        await ServedAsync(listener, moved);

        other.Dispose();
        var accept = listener.AcceptAsync(Cancel);
        _time.Advance(Look);
        using var client = await ConnectAsync(wanted);
        await using (await accept)
        {
        }

        await Eventually.TrueAsync(() => IsRefused(moved));
        await ServedAsync(listener, wanted);
    }

    [Fact]
    public async Task Unbind_WhileTheDefaultPortIsTaken_EndsWithoutTakingItLater()
    {
        var other = new ListenSockets();
        var wanted = other.Bind(new IPEndPoint(IPAddress.Loopback, 0), "--other");
        using var sockets = new ListenSockets();
        var listener = await Transport(sockets).BindAsync(sockets.BindDefault(wanted, wanted.Port, "--metrics-address"), Cancel);
        var accept = listener.AcceptAsync(Cancel);

        await listener.UnbindAsync(Cancel);

        Assert.Null(await accept);
        other.Dispose();
        _time.Advance(Look);
        Assert.True(IsRefused(wanted));
        await listener.DisposeAsync();
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public async Task Unbind_OnceTheDefaultPortIsTaken_Ends()
    {
        var other = new ListenSockets();
        var wanted = other.Bind(new IPEndPoint(IPAddress.Loopback, 0), "--other");
        using var sockets = new ListenSockets();
        await using var listener = await Transport(sockets).BindAsync(sockets.BindDefault(wanted, wanted.Port, "--metrics-address"), Cancel);
        other.Dispose();
        _time.Advance(Look);

        await listener.UnbindAsync(Cancel);

        Assert.Null(await listener.AcceptAsync(Cancel));
        Assert.True(IsRefused(wanted));
    }

    private static async Task ServedAsync(Microsoft.AspNetCore.Connections.IConnectionListener listener, IPEndPoint address)
    {
        using var client = await ConnectAsync(address);
        await using var connection = await listener.AcceptAsync(Cancel);
        Assert.Equal(((IPEndPoint)client.Client.LocalEndPoint!).Port, ((IPEndPoint)connection!.RemoteEndPoint!).Port);
    }

    private static async Task<TcpClient> ConnectAsync(IPEndPoint address)
    {
        var client = new TcpClient();
        await client.ConnectAsync(address, Cancel);
        return client;
    }

    private static bool IsRefused(IPEndPoint address)
    {
        using var client = new TcpClient();
        try
        {
            client.Connect(address);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private ListenSocketTransport Transport(ListenSockets sockets) =>
        new(sockets, Microsoft.Extensions.Options.Options.Create(new SocketTransportOptions()), _time, NullLogger<SocketListener>.Instance);
}
