using System.Text;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Handshakes.Peers;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Handshakes.Peers;

public sealed class GreetPeerTests : IAsyncDisposable
{
    private static readonly ListenerOptions Listener = Stage.Listener(SidecarRole.Outbound);
    private static readonly HostPort P2 = new("192.0.2.1", 45001);

    private readonly ManualTimeProvider _time = new();
    private readonly MemoryConnection _client = new();
    private readonly MemoryConnection _peer = new("192.0.2.1:45001");
    private readonly ConnectionInfo _info;
    private bool _reached;

    public GreetPeerTests()
    {
        _info = Stage.Open(_client, Listener);
        _client.Features.Set(new UpstreamFeature(_peer));
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _peer.DisposeAsync();
    }

    [Fact]
    public async Task Greeting_WithoutADestination_IsTheShortForm()
    {
        var stage = RunAsync(destination: null);
        Assert.Equal($"bonjour {_info.Id}\n", Encoding.ASCII.GetString(await _peer.ReceiveAsync()));
        await _peer.SendAsync($"ok {_info.Id}\nserver speaks first");
        await stage;
        Assert.True(_reached);
        Assert.Null(_info.Failure);
        Assert.Equal("server speaks first", Encoding.ASCII.GetString((await _peer.Transport.Input.ReadAsync(TestContext.Current.CancellationToken)).Buffer));
    }

    [Fact]
    public async Task Greeting_WithADestination_IsTheLongForm()
    {
        var stage = RunAsync(new HostPort("fd00::7", 9000));
        Assert.Equal($"bonjour {_info.Id} fd00::7 9000\n", Encoding.ASCII.GetString(await _peer.ReceiveAsync()));
        await _peer.SendAsync($"fail {_info.Id}\n");
        await stage;
        AssertEnded(RelayEndReason.PeerRefused);
    }

    [Fact]
    public async Task Greeting_AtTheDestinationItself_IsTheShortForm()
    {
        // What p1 calls a Service's address is a pod's when it arrives.
        var stage = RunAsync(P2, configured: false);
        Assert.Equal($"bonjour {_info.Id}\n", Encoding.ASCII.GetString(await _peer.ReceiveAsync()));
        await _peer.SendAsync($"ok {_info.Id}\n");
        await stage;
        Assert.True(_reached);
    }

    [Fact]
    public async Task Greeting_WhoseHostDoesNotFit_IsNotSentCut()
    {
        await RunAsync(new HostPort(new string('h', 120), 9000));
        AssertEnded(RelayEndReason.HandshakeFailed);
        Assert.Equal("", _peer.ReceivedText());
    }

    [Theory]
    [InlineData("ok someone-else\n", RelayEndReason.HandshakeFailed)]
    [InlineData("fail someone-else\n", RelayEndReason.HandshakeFailed)]
    [InlineData("ok\n", RelayEndReason.ProtocolError)]
    [InlineData("yes ID\n", RelayEndReason.ProtocolError)]
    [InlineData("ok ID more\n", RelayEndReason.ProtocolError)]
    [InlineData("HTTP/1.1 400 Bad Request\r\n", RelayEndReason.ProtocolError)]
    [InlineData("ok\u00ff\n", RelayEndReason.ProtocolError)]
    public async Task Answer_ThatIsNotOkForThisConnection_EndsIt(string answer, RelayEndReason reason)
    {
        var stage = RunAsync(destination: null);
        await _peer.SendAsync(answer.Replace("ID", _info.Id.ToString(), StringComparison.Ordinal));
        await stage;
        AssertEnded(reason);
    }

    [Fact]
    public async Task Answer_TooLong_IsAProtocolErrorWithoutWaitingForItsEnd()
    {
        var stage = RunAsync(destination: null);
        await _peer.SendAsync(new string('o', WireLine.MaxPeerBytes + 2));
        await stage;
        AssertEnded(RelayEndReason.ProtocolError);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ok ")]
    public async Task Answer_NotWholeInTime_IsAHandshakeTimeout(string half)
    {
        var stage = RunAsync(destination: null);
        await _peer.SendAsync(half);
        Assert.False(stage.IsCompleted);
        _time.Advance(WireLine.Wait);
        await stage;
        AssertEnded(RelayEndReason.HandshakeTimeout);
    }

    [Fact]
    public async Task Peer_ClosesWithoutAnAnswer_IsAHandshakeFailure()
    {
        _peer.SendEnd();
        await RunAsync(destination: null);
        AssertEnded(RelayEndReason.HandshakeFailed);
    }

    [Fact]
    public async Task Peer_Resets_IsAnUpstreamReset()
    {
        _peer.SendReset();
        await RunAsync(destination: null);
        AssertEnded(RelayEndReason.UpstreamReset);
    }

    // The bytes are those of a service that is no sidecar.
    [Fact]
    public async Task Answer_OfAStranger_IsNoPeerHoweverItComes()
    {
        for (var round = 0; round < Rounds.Of(500); round++)
        {
            var random = new Random(round);
            await using var client = new MemoryConnection();
            await using var peer = new MemoryConnection("192.0.2.1:45001");
            var (info, feature) = (Stage.Open(client, Listener), new UpstreamFeature(peer));
            client.Features.Set(feature);
            client.Features.Set(new ConnectionRoute(P2, P2, Configured: false, Rule: Stage.Route("*", RouteAction.Peer) with { FallsBackToPlain = true }));
            var stage = new GreetPeerMiddleware(Stage.MustNotBeReached, Stage.Metrics(_time, Listener), _time).OnConnectionAsync(client);
            var answer = new byte[random.Next(300)];
            random.NextBytes(answer);
            if (random.Next(2) == 0)
                answer = [.. Encoding.ASCII.GetBytes("HTTP/1.1 400 Bad Request\r\n"[..random.Next(27)]), .. answer];

            for (var sent = 0; sent < answer.Length;)
            {
                var piece = random.Next(1, answer.Length - sent + 1);
                await peer.SendAsync(answer[sent..(sent + piece)]);
                sent += piece;
            }

            peer.SendEnd();
            await stage;
            Assert.True(feature.NoPeer is not null && info.Failure is null, $"round {round}: {info.Failure}");
        }
    }

    private Task RunAsync(HostPort? destination, bool configured = true)
    {
        _client.Features.Set(new ConnectionRoute(destination, P2, configured));
        return new GreetPeerMiddleware(Next, Stage.Metrics(_time, Listener), _time).OnConnectionAsync(_client);
    }

    private Task Next(ConnectionContext connection)
    {
        _reached = true;
        return Task.CompletedTask;
    }

    private void AssertEnded(RelayEndReason reason)
    {
        Assert.Equal(reason, _info.Failure?.Reason);
        Assert.False(_reached);
    }
}
