using System.Net;
using System.Net.Sockets;
using Sidecar.Options;
using Sidecar.Transport;
using Sidecar.Transport.Epoll;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Transport.Epoll;

public sealed class EpollDialerTests
{
    private static readonly EpollDialer Dialer = new(new TcpOptions());

    [Fact]
    public async Task Dial_ToSomebodyWhoAccepts_ConnectsOnTheCallersLoop()
    {
        using var running = new RunningLoop();
        using var listener = new LoopbackListener();
        var dialed = await DialAsync(running, listener.Port, SocketTalk.Limit);
        using var served = await listener.AcceptAsync();

        var connection = Assert.IsType<EpollConnection>(dialed.Connection);
        Assert.Same(running.Loop, connection.Socket.Loop);
        Assert.Equal(served.LocalEndPoint, connection.RemoteEndPoint);
        Assert.Equal(served.RemoteEndPoint, connection.LocalEndPoint);
        await running.RunAsync(async () => await connection.DisposeAsync());
        Assert.Empty(await served.ReadToEndAsync());
    }

    [Fact]
    public async Task Dial_FromASource_ComesFromThere()
    {
        using var running = new RunningLoop();
        using var listener = new LoopbackListener();
        var source = IPAddress.Parse("127.0.0.6");
        var dialed = await DialAsync(running, listener.Port, SocketTalk.Limit, source);
        using var served = await listener.AcceptAsync();

        Assert.Equal(source, ((IPEndPoint)served.RemoteEndPoint!).Address);
        dialed.Connection!.Abort();
        await served.IsResetAsync();
    }

    [Fact]
    public async Task Dial_ToNobody_IsRefusedInWords()
    {
        using var running = new RunningLoop();
        using var nobody = new RefusingPort();

        var dialed = await DialAsync(running, nobody.Port, SocketTalk.Limit);

        Assert.Null(dialed.Connection);
        Assert.NotEqual(SocketError.TimedOut, dialed.Error);
        Assert.Contains("refused", dialed.Detail, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task Dial_ToSomebodyWhoDoesNotAnswer_TimesOut(int milliseconds)
    {
        using var running = new RunningLoop();
        await using var hanging = await HangingPort.OpenAsync();

        var dialed = await DialAsync(running, hanging.Port, TimeSpan.FromMilliseconds(milliseconds));

        Assert.Equal((null, SocketError.TimedOut), (dialed.Connection, dialed.Error));
        Assert.Equal(0, await running.RunAsync(() => Task.FromResult(running.Loop.Timers.Count)));
    }

    private static async Task<DialOutcome> DialAsync(RunningLoop running, int port, TimeSpan timeout, IPAddress? source = null)
    {
        var (downstream, peer) = await running.OpenAsync();
        using var _ = peer;
        // From another thread than the loop's, as after a stage that has waited.
        return await running.RunAsync(() => Task.Run(() =>
            Dialer.DialAsync(downstream, new IPEndPoint(IPAddress.Loopback, port), source, timeout).AsTask()));
    }
}
