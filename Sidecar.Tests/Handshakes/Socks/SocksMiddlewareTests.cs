using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Handshakes;
using Sidecar.Handshakes.Socks;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Handshakes.Socks;

public sealed class SocksMiddlewareTests
{
    private static readonly byte[] Request = [4, 1, 0, 80, 10, 1, 2, 3, 0];
    private static readonly byte[] Granted = [0, 90, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] Rejected = [0, 91, 0, 0, 0, 0, 0, 0];

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Connect_OnceTheWayIsFree_IsGrantedAndTheBytesBehindItStay()
    {
        var client = new MemoryConnection();
        var report = Stage.Open(client, Socks());
        await client.SendAsync([.. Request, .. "early"u8]);
        await RunAsync(client, Socks(), async connection =>
        {
            Assert.Equal(new HostPort("10.1.2.3", 80), connection.Features.Get<SocksRequest>()?.Destination);
            await connection.Features.Get<DownstreamAnswer>()!.GrantAsync(connection);
            Assert.Equal(5, (await connection.Transport.Input.ReadAsync(TestContext.Current.CancellationToken)).Buffer.Length);
        });
        Assert.Equal(Granted, await client.ReceiveAsync());
        Assert.Null(report.Failure);
    }

    [Fact]
    public async Task Connect_ThatAStageBehindRefuses_IsRejected()
    {
        var client = new MemoryConnection();
        Stage.Open(client, Socks());
        await client.SendAsync(Request);
        await RunAsync(client, Socks(), _ => Task.CompletedTask);
        Assert.Equal(Rejected, await client.ReceiveAsync());
    }

    [Fact]
    public async Task Bind_IsRejectedAsTheProtocolSays()
    {
        var client = new MemoryConnection();
        var report = Stage.Open(client, Socks());
        await client.SendAsync([4, 2, .. Request[2..]]);
        await RunAsync(client, Socks(), Stage.MustNotBeReached);
        Assert.Equal(Rejected, await client.ReceiveAsync());
        Assert.Equal(RelayEndReason.ProtocolError, report.Failure?.Reason);
    }

    [Theory]
    [InlineData("10.9.8.7:1234", false, false)]
    [InlineData("10.9.8.7:1234", true, true)]
    [InlineData("11.9.8.7:1234", true, false)]
    [InlineData("127.0.0.9:1234", false, true)]
    [InlineData("[::1]:1234", false, true)]
    public async Task Client_BeyondLoopback_NeedsToBeAllowed(string address, bool allowTen, bool served)
    {
        var listener = Socks() with { AllowClients = allowTen ? [NetworkAddress.Parse("10.0.0.0/8")] : [] };
        var client = new MemoryConnection(address);
        var report = Stage.Open(client, listener);
        await client.SendAsync(Request);
        var reached = false;
        await RunAsync(client, listener, _ =>
        {
            reached = true;
            return Task.CompletedTask;
        });
        Assert.Equal(served, reached);
        Assert.Equal(served ? null : RelayEndReason.DestinationNotAllowed, report.Failure?.Reason);
    }

    [Fact]
    public async Task Client_ThatIsSilent_EndsWithAHandshakeTimeout()
    {
        var client = new MemoryConnection();
        var report = Stage.Open(client, Socks());
        var stage = RunAsync(client, Socks(), Stage.MustNotBeReached);
        await client.SendAsync(Request[..^1]);
        _time.Advance(Stage.Timeouts.Handshake);
        await stage;
        Assert.Equal(RelayEndReason.HandshakeTimeout, report.Failure?.Reason);
    }

    private static ListenerOptions Socks() => Stage.Listener(SidecarRole.Alone, ListenerMode.Socks4);

    private Task RunAsync(MemoryConnection client, ListenerOptions listener, ConnectionDelegate next) =>
        new SocksMiddleware(next, listener, Stage.Timeouts, _time).OnConnectionAsync(client);
}
