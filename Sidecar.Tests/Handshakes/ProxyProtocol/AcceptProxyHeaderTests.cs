using System.Text;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Handshakes.ProxyProtocol;
using Sidecar.Handshakes.Socks;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Handshakes.ProxyProtocol;

public sealed class AcceptProxyHeaderTests : IDisposable
{
    private const string Line = "PROXY TCP4 10.0.0.1 10.0.0.2 4000 80\r\n";

    private static readonly ListenerOptions Listener = Stage.Listener() with { AcceptProxy = true };

    private readonly ManualTimeProvider _time = new();
    private readonly MemoryConnection _connection = new();
    private readonly ConnectionInfo _info;

    public AcceptProxyHeaderTests() => _info = Stage.Open(_connection, Listener);

    public void Dispose() => _connection.SendEnd();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ProxyVersion.V1)]
    [InlineData(ProxyVersion.V2)]
    public async Task Header_ByteByByte_NamesTheClientAndTheBytesBehindItStay(ProxyVersion version)
    {
        var stage = RunAsync(async connection =>
        {
            Assert.Equal(HeaderBytes.V4, connection.Features.Get<ProxyHeader>());
            var behind = await connection.Transport.Input.ReadAtLeastAsync(4, Cancellation);
            Assert.Equal("GET ", Encoding.Latin1.GetString(behind.Buffer));
        });
        foreach (var b in (byte[])[.. HeaderBytes.Written(HeaderBytes.V4, version), .. "GET "u8])
            await _connection.SendAsync([b]);
        await stage;
        Assert.Equal(("10.0.0.1:4000", "127.0.0.1:50001"), (_info.Client.ToString(), _info.Peer.ToString()));
        Assert.Null(_info.Failure);
        Assert.Equal("", _connection.ReceivedText());
    }

    [Theory]
    [InlineData("PROXY UNKNOWN\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x20\x11\0\0")]
    public async Task Header_ThatNamesNobody_LeavesTheRealAddress(string header)
    {
        await _connection.SendAsync(header);
        await RunAsync(connection =>
        {
            Assert.Null(connection.Features.Get<ProxyHeader>());
            return Task.CompletedTask;
        });
        Assert.Equal(_info.Peer, _info.Client);
        Assert.Null(_info.Failure);
    }

    // The address of the socket decides, and before a byte is read: anybody could write any address into a header.
    [Theory]
    [InlineData("10.9.9.9:1", null, false)]
    [InlineData("[fd00::9]:1", null, false)]
    [InlineData("127.9.9.9:1", null, true)]
    [InlineData("[::1]:1", null, true)]
    [InlineData("10.9.9.9:1", "10.9.0.0/16", true)]
    [InlineData("10.8.9.9:1", "10.9.0.0/16", false)]
    [InlineData("127.0.0.1:1", "10.9.0.0/16", false)]
    [InlineData("203.0.113.1:1", "0.0.0.0/0", true)]
    public async Task Peer_MustBeAmongTheProxyClients(string peer, string? proxies, bool isBelieved)
    {
        var listener = proxies is null ? Listener : Listener with { ProxyClients = [NetworkAddress.Parse(proxies)] };
        var connection = new MemoryConnection(peer);
        var info = Stage.Open(connection, listener);
        if (isBelieved)
            await connection.SendAsync(Line);
        var reached = false;
        await RunAsync(_ =>
        {
            reached = true;
            return Task.CompletedTask;
        }, connection, listener);
        Assert.Equal(isBelieved, reached);
        Assert.Equal(isBelieved ? null : RelayEndReason.DestinationNotAllowed, info.Failure?.Reason);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", "malformed")]
    [InlineData("bonjour abc\n", "malformed")]
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 4000 80\n", "malformed")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x11\xFF\xFF", "too long")]
    public async Task Header_Missing_IsAProtocolErrorWithoutAnAnswer(string said, string detail)
    {
        await _connection.SendAsync(said);
        await RunAsync(Stage.MustNotBeReached);
        Assert.Equal(RelayEndReason.ProtocolError, _info.Failure?.Reason);
        Assert.Contains(detail, _info.Failure?.Detail, StringComparison.Ordinal);
        Assert.Equal("", _connection.ReceivedText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("PROXY TCP4 10.0")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C")]
    public async Task Header_NotWholeInTime_IsAHandshakeTimeout(string part)
    {
        var stage = RunAsync(Stage.MustNotBeReached);
        await _connection.SendAsync(part);
        _time.Advance(Stage.Timeouts.Handshake - TimeSpan.FromTicks(1));
        Assert.False(stage.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));
        await stage;
        Assert.Equal(RelayEndReason.HandshakeTimeout, _info.Failure?.Reason);
    }

    [Fact]
    public async Task Peer_EndsOrResetsInMidHeader_HasItsOwnReason()
    {
        await _connection.SendAsync("PROXY TCP4");
        _connection.SendEnd();
        await RunAsync(Stage.MustNotBeReached);
        Assert.Equal(RelayEndReason.HandshakeFailed, _info.Failure?.Reason);

        var other = new MemoryConnection();
        var info = Stage.Open(other, Listener);
        other.SendReset();
        await RunAsync(Stage.MustNotBeReached, other);
        Assert.Equal(RelayEndReason.ClientReset, info.Failure?.Reason);
    }

    // A SOCKS listener serves loopback without being told: a proxy elsewhere must not lend that to its own loopback clients.
    [Theory]
    [InlineData("127.0.0.1:1", "127.0.0.1", true)]
    [InlineData("10.9.9.9:1", "127.0.0.1", false)]
    [InlineData("10.9.9.9:1", "10.7.7.7", true)]
    [InlineData("127.0.0.1:1", "10.8.8.8", false)]
    [InlineData("10.7.7.7:1", "10.8.8.8", false)]
    public async Task SocksListener_ServesTheClientThatTheHeaderNames(string peer, string client, bool isServed)
    {
        var listener = Stage.Listener(SidecarRole.Alone, ListenerMode.Socks4) with
        {
            AcceptProxy = true,
            ProxyClients = [NetworkAddress.Parse("0.0.0.0/0")],
            AllowClients = [NetworkAddress.Parse("10.7.0.0/16")],
        };
        var connection = new MemoryConnection(peer);
        var info = Stage.Open(connection, listener);
        var reached = false;
        var socks = new SocksMiddleware(_ =>
        {
            reached = true;
            return Task.CompletedTask;
        }, listener, Stage.Timeouts, _time);
        await connection.SendAsync($"PROXY TCP4 {client} 10.0.0.2 4000 80\r\n\u0004\u0001\0\u0050\n\u0001\u0002\u0003\0");
        await RunAsync(socks.OnConnectionAsync, connection, listener);
        Assert.Equal(isServed, reached);
        Assert.Equal(isServed ? null : RelayEndReason.DestinationNotAllowed, info.Failure?.Reason);
    }

    [Fact]
    public async Task Header_OfAClientWithAllOfItsPlaces_EndsTheConnection()
    {
        var listener = Listener with { Role = SidecarRole.Inbound, MaxClientConnections = 1 };
        var registry = Registry();
        var reached = 0;
        var stage = new AcceptProxyHeaderMiddleware(_ =>
        {
            reached++;
            return Task.CompletedTask;
        }, listener, Stage.Timeouts, registry, _time);
        var infos = new List<ConnectionInfo>();
        for (var i = 0; i < 2; i++)
        {
            var connection = new MemoryConnection();
            infos.Add(Stage.Open(connection, listener));
            await connection.SendAsync(Line);
            await stage.OnConnectionAsync(connection);
        }

        Assert.Equal((1, null, RelayEndReason.ClientLimit), (reached, infos[0].Failure, infos[1].Failure?.Reason));
        // A proxy that names no client is the client itself, and has no limit.
        await _connection.SendAsync("PROXY UNKNOWN\r\n");
        await stage.OnConnectionAsync(_connection);
        Assert.Equal(2, reached);
    }

    [Fact]
    public void Builder_WithoutTheOptions_AddsNoStage()
    {
        var builder = new ConnectionBuilder(new NoServices());
        ConnectionDelegate end = _ => Task.CompletedTask;
        builder.UseAcceptProxyHeader(Stage.Listener(), Stage.Timeouts, Registry(), _time).UseSendProxyHeader(Stage.Listener()).Use(_ => end);
        Assert.Same(end, builder.Build());
    }

    private static ConnectionRegistry Registry() => new(new CurrentOptions(Stage.Options(Listener)));

    private Task RunAsync(ConnectionDelegate next, MemoryConnection? connection = null, ListenerOptions? listener = null) =>
        new AcceptProxyHeaderMiddleware(next, listener ?? Listener, Stage.Timeouts, Registry(), _time).OnConnectionAsync(connection ?? _connection);

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
