using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Options;
using Sidecar.Tests.Support.Peers;
using Sidecar.Transport;
using Sidecar.Transport.Epoll;
using Xunit;

namespace Sidecar.Tests.Transport.Epoll;

public sealed class EpollTransportTests
{
    [Fact]
    public async Task Bind_WhenAcceptingHasStopped_AcceptsNoMore()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux' own");
        using var loops = new EventLoops(2, NullLogger<EventLoop>.Instance);
        using var sockets = new ListenSockets();
        var (early, late) = (Claim(sockets), Claim(sockets));
        var transport = new EpollTransport(sockets, loops, new TcpOptions(), NullLogger<EpollListener>.Instance);
        var first = await transport.BindAsync(early, TestContext.Current.CancellationToken);
        await transport.StopAcceptingAsync();

        var second = await transport.BindAsync(late, TestContext.Current.CancellationToken);

        // Its end is Kestrel's sign that the listener is unbound.
        Assert.Null(await second.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(SocketTalk.Limit, TestContext.Current.CancellationToken));
        var refused = await Assert.ThrowsAsync<SocketException>(() => SocketTalk.ConnectAsync(late.Port));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        await second.DisposeAsync();
        await first.DisposeAsync();
    }

    private static ProxyEndPoint Claim(ListenSockets sockets) =>
        new(sockets.Bind(new IPEndPoint(IPAddress.Loopback, 0), "--listen")) { Pipeline = _ => Task.CompletedTask };
}
