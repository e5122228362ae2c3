using System.Net;
using ByteFilters;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Handshakes.Peers;
using Sidecar.Handshakes.ProxyProtocol;
using Sidecar.Net;
using Sidecar.Options;
using Sidecar.Relay;
using Sidecar.Tests.Support;
using Sidecar.Transform;
using Testing;
using Xunit;

namespace Sidecar.Tests.Handshakes.ProxyProtocol;

public sealed class SendProxyHeaderTests : IDisposable
{
    // MemoryConnection is accepted on 127.0.0.1:45000.
    private const string Line = "PROXY TCP4 10.0.0.9 127.0.0.1 50001 45000\r\n";

    private readonly ManualTimeProvider _time = new();
    private readonly MemoryConnection _client = new("10.0.0.9:50001");
    private readonly MemoryConnection _upstream = new("127.0.0.1:9000");

    public SendProxyHeaderTests() => _client.Features.Set(new UpstreamFeature(_upstream));

    public void Dispose()
    {
        _client.SendEnd();
        _upstream.SendEnd();
    }

    // A server that speaks first may want the header first: nobody waits for the client.
    [Theory]
    [InlineData(SidecarRole.Alone)]
    [InlineData(SidecarRole.Inbound)]
    public async Task Header_OfASilentClient_IsSentBeforeTheStagesBehind(SidecarRole role) =>
        await RunAsync(Open(role), _ =>
        {
            Assert.Equal(Line, _upstream.ReceivedText());
            return Task.CompletedTask;
        });

    [Fact]
    public async Task Header_BeforeBytesOfTheClient_IsNeitherTransformedNorCounted()
    {
        var info = Open(SidecarRole.Alone);
        await _client.SendAsync("hello");
        await RunAsync(info, async connection =>
        {
            Assert.Equal(Line, _upstream.ReceivedText());
            var relay = new RelayConnection(connection, _upstream, info, Stage.Timeouts, new TcpOptions(), _time);
            _upstream.SendEnd();
            _client.SendEnd();
            await relay.RunAsync(CodecPair.For(TransformExpression.Not, SidecarRole.Alone, new TransformCache()));
        });
        var received = await _upstream.ReceiveAsync();
        // The transform changes the bytes of the client alone.
        Assert.Equal("hello"u8.ToArray().Select(b => (byte)~b), received);
        Assert.Equal((5, 5), (info.Downstream.Received, info.UpstreamBytes.Sent));
        Assert.Equal(RelayEndReason.Completed, info.Ending.Reason);
    }

    [Fact]
    public async Task Header_OfP1_LeavesTogetherWithTheGreeting()
    {
        var info = Open(SidecarRole.Outbound);
        _client.Features.Set(new ConnectionRoute(null, new("p2.test", 45001), Configured: true));
        var greet = new GreetPeerMiddleware(Stage.MustNotBeReached, Stage.Metrics(_time, info.Listener), _time);
        var stage = RunAsync(info, connection =>
        {
            Assert.Equal("", _upstream.ReceivedText());
            return greet.OnConnectionAsync(connection);
        });
        Assert.Equal($"{Line}bonjour {info.Id}\n", _upstream.ReceivedText());
        _upstream.SendEnd();
        await stage;
    }

    [Fact]
    public async Task Header_NamesTheClientAndWhatItConnectedToAsTheBestWitnessSays()
    {
        var info = Open(SidecarRole.Alone);
        var original = new OriginalDestination(IPEndPoint.Parse("192.0.2.7:443"));
        _client.Features.Set(new ConnectionRoute(null, new("192.0.2.7", 443), Configured: false, original));
        await RunAsync(info, _ => Task.CompletedTask);
        Assert.Equal("PROXY TCP4 10.0.0.9 192.0.2.7 50001 443\r\n", _upstream.ReceivedText());

        _client.Features.Set(HeaderBytes.V6);
        info.Client = new ClientAddress(HeaderBytes.V6.Source);
        await RunAsync(info, _ => Task.CompletedTask);
        Assert.Equal("PROXY TCP6 fd00::1 fd00::2 4000 80\r\n", _upstream.ReceivedText());
    }

    [Fact]
    public async Task Listener_DualStack_ShowsAMappedClientAsTcp4()
    {
        _client.LocalEndPoint = IPEndPoint.Parse("[::ffff:127.0.0.1]:45000");
        await RunAsync(Open(SidecarRole.Alone), _ => Task.CompletedTask);
        Assert.Equal(Line, _upstream.ReceivedText());
    }

    [Fact]
    public async Task Upstream_HasReset_IsAnUpstreamReset()
    {
        var info = Open(SidecarRole.Alone);
        _upstream.Transport = new BrokenOutput(_upstream.Transport.Input);
        await RunAsync(info, Stage.MustNotBeReached);
        Assert.Equal(RelayEndReason.UpstreamReset, info.Failure?.Reason);
    }

    private ConnectionInfo Open(SidecarRole role) => Stage.Open(_client, Stage.Listener(role, target: "127.0.0.1:9000"));

    private Task RunAsync(ConnectionInfo info, ConnectionDelegate next) =>
        new SendProxyHeaderMiddleware(next, info.Listener, ProxyVersion.V1).OnConnectionAsync(_client);

    private sealed class BrokenOutput(System.IO.Pipelines.PipeReader input) : System.IO.Pipelines.IDuplexPipe
    {
        public System.IO.Pipelines.PipeReader Input => input;

        public System.IO.Pipelines.PipeWriter Output { get; } = System.IO.Pipelines.PipeWriter.Create(new BrokenStream());
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("broken pipe");
    }
}
