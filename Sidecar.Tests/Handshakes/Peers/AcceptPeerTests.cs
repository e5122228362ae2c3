using System.Text;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Handshakes;
using Sidecar.Handshakes.Peers;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Handshakes.Peers;

public sealed class AcceptPeerTests : IDisposable
{
    private static readonly ListenerOptions Listener = Stage.Listener(SidecarRole.Inbound);

    private readonly ManualTimeProvider _time = new();
    private readonly MemoryConnection _connection = new();
    private readonly ConnectionInfo _info;

    public AcceptPeerTests() => _info = Stage.Open(_connection, Listener);

    public void Dispose() => _connection.SendEnd();

    [Theory]
    [InlineData("bonjour abc\n", null)]
    [InlineData("bonjour abc\r\n", null)]
    [InlineData("bonjour abc example.test 80\n", "example.test")]
    [InlineData("bonjour abc fd00::1 80\n", "fd00::1")]
    [InlineData("bonjour abc ::ffff:7f00:1 80\n", "::ffff:7f00:1")]
    [InlineData("bonjour abc ::ffff:127.0.0.1 80\n", "::ffff:127.0.0.1")]
    public async Task Greeting_SplitAtEveryByte_IsHandedOnAndTheBytesBehindItStay(string line, string? host)
    {
        var stage = RunAsync(async connection =>
        {
            var greeting = connection.Features.Get<PeerGreeting?>();
            Assert.Equal(("abc", host), (greeting?.Id.ToString(), greeting?.Host));
            await connection.Features.Get<DownstreamAnswer>()!.GrantAsync(connection);
            var behind = await connection.Transport.Input.ReadAtLeastAsync(4, TestContext.Current.CancellationToken);
            Assert.Equal("GET ", Encoding.Latin1.GetString(behind.Buffer));
        });
        foreach (var c in line + "GET ")
            await _connection.SendAsync(c.ToString());
        await stage;
        Assert.Equal("ok abc\n", _connection.ReceivedText());
        Assert.Equal("abc", _info.Id.ToString());
        Assert.Null(_info.Failure);
    }

    [Fact]
    public async Task Stages_BehindItRefuse_TheAnswerIsFail()
    {
        var stage = RunAsync(_ => Task.CompletedTask);
        await _connection.SendAsync("bonjour abc\n");
        await stage;
        Assert.Equal("fail abc\n", _connection.ReceivedText());
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", RelayEndReason.ProtocolError)]
    [InlineData("bonjour\n", RelayEndReason.ProtocolError)]
    [InlineData("bonjour a b\n", RelayEndReason.ProtocolError)]
    [InlineData("bonjour a b 0\n", RelayEndReason.ProtocolError)]
    [InlineData("bonjour a b 65536\n", RelayEndReason.ProtocolError)]
    [InlineData("bonjour a host/../x 80\n", RelayEndReason.ProtocolError)]
    [InlineData("bonjour a b 80 more\n", RelayEndReason.ProtocolError)]
    [InlineData("bon\0jour a\n", RelayEndReason.ProtocolError)]
    [InlineData("\n", RelayEndReason.ProtocolError)]
    public async Task Greeting_ThatIsNone_EndsTheConnectionWithoutAnAnswer(string wire, RelayEndReason reason)
    {
        var stage = RunAsync(Stage.MustNotBeReached);
        await _connection.SendAsync(wire);
        await stage;
        Assert.Equal(reason, _info.Failure?.Reason);
        Assert.Equal("", _connection.ReceivedText());
    }

    [Fact]
    public async Task Greeting_LongerThanALine_IsAProtocolErrorWithoutWaitingForItsEnd()
    {
        var stage = RunAsync(Stage.MustNotBeReached);
        await _connection.SendAsync("bonjour " + new string('x', WireLine.MaxPeerBytes));
        await stage;
        Assert.Equal(RelayEndReason.ProtocolError, _info.Failure?.Reason);
        Assert.Contains("too long", _info.Failure?.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("bonjour ab")]
    public async Task Greeting_NotWholeInTime_IsAHandshakeTimeout(string half)
    {
        var stage = RunAsync(Stage.MustNotBeReached);
        await _connection.SendAsync(half);
        Assert.False(stage.IsCompleted);
        _time.Advance(WireLine.Wait);
        await stage;
        Assert.Equal(RelayEndReason.HandshakeTimeout, _info.Failure?.Reason);
    }

    [Fact]
    public async Task Greeting_DrippedByteByByte_GetsOneLimitForAll()
    {
        var stage = RunAsync(Stage.MustNotBeReached);
        foreach (var c in "bon")
        {
            await _connection.SendAsync(c.ToString());
            _time.Advance(WireLine.Wait / 3);
        }

        await stage;
        Assert.Equal(RelayEndReason.HandshakeTimeout, _info.Failure?.Reason);
    }

    [Fact]
    public async Task Peer_EndsInMidLine_IsAHandshakeFailure()
    {
        await _connection.SendAsync("bonjour a");
        _connection.SendEnd();
        await RunAsync(Stage.MustNotBeReached);
        Assert.Equal(RelayEndReason.HandshakeFailed, _info.Failure?.Reason);
    }

    [Fact]
    public async Task Peer_ResetsInMidLine_IsAClientReset()
    {
        _connection.SendReset();
        await RunAsync(Stage.MustNotBeReached);
        Assert.Equal(RelayEndReason.ClientReset, _info.Failure?.Reason);
    }

    private Task RunAsync(ConnectionDelegate next) =>
        new AcceptPeerMiddleware(next, Listener, Stage.Timeouts, _ => null, Stage.Metrics(_time, Listener), _time).OnConnectionAsync(_connection);
}
