using System.Text;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Handshakes.Peers;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Handshakes.Peers;

/// <summary>Which client is a sidecar, by its first bytes and its port, and that no byte is lost by looking.</summary>
public sealed class PeerModeTests : IDisposable
{
    private static readonly TimeSpan Peek = TimeSpan.FromMilliseconds(100);

    private readonly ManualTimeProvider _time = new();
    private readonly MemoryConnection _connection = new();

    public void Dispose() => _connection.SendEnd();

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("b\n")]
    [InlineData("bonjour\n")]
    [InlineData("Bonjour abc\n")]
    [InlineData("\u0016\u0003\u0001\u0002\0")]
    public async Task PlainClient_HoweverItsBytesCome_IsPlainAndKeepsThem(string bytes)
    {
        var stage = RunAsync(PeerMode.Permissive, bytes.Length);
        foreach (var c in bytes)
            await _connection.SendAsync(c.ToString());

        Assert.Equal((PeerSession.Plain, bytes), await stage);
    }

    [Theory]
    [InlineData("bonjour abc\n")]
    [InlineData("bonjour abc example.test 80\n")]
    public async Task Sidecar_HoweverItsGreetingComes_IsGreeted(string greeting)
    {
        var stage = RunAsync(PeerMode.Permissive, bytes: 1);
        foreach (var c in greeting + "x")
            await _connection.SendAsync(c.ToString());

        Assert.Equal((PeerSession.Greeted, "x"), await stage);
    }

    [Theory]
    [InlineData("")]
    [InlineData("bonj")]
    public async Task Client_ThatIsSilentForTheTime_CountsAsPlain(string before)
    {
        var stage = RunAsync(PeerMode.Permissive, bytes: before.Length);
        await _connection.SendAsync(before);
        _time.Advance(Peek - TimeSpan.FromMilliseconds(1));
        Assert.False(stage.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal((PeerSession.Silent, before), await stage);
    }

    [Theory]
    [InlineData("")]
    [InlineData("bonjour")]
    public async Task Client_ThatOnlyEndsItsStream_IsPlain(string before)
    {
        await _connection.SendAsync(before);
        _connection.SendEnd();

        Assert.Equal((PeerSession.Plain, before), await RunAsync(PeerMode.Permissive, bytes: before.Length));
    }

    [Fact]
    public async Task Plain_LooksAtNothing() => Assert.Equal((PeerSession.Plain, ""), await RunAsync(PeerMode.Plain, bytes: 0));

    [Theory]
    [InlineData(80, PeerMode.Plain)]
    [InlineData(81, PeerMode.Permissive)]
    [InlineData(82, PeerMode.Permissive)]
    [InlineData(83, PeerMode.Strict)]
    [InlineData(null, PeerMode.Strict)]
    public void Mode_IsThatOfThePort(int? port, PeerMode mode)
    {
        var listener = Stage.Listener(SidecarRole.Inbound) with { PortPeers = [new([80], PeerMode.Plain), new([80, 81, 82], PeerMode.Permissive)] };

        Assert.Equal(mode, listener.PeersOf(port));
        Assert.False(listener.IsAlwaysStrict);
    }

    // The session, and that many of the bytes that the next stage finds.
    private async Task<(PeerSession? Session, string Bytes)> RunAsync(PeerMode mode, int bytes)
    {
        var listener = Stage.Listener(SidecarRole.Inbound) with { Peers = mode, PeekTimeout = Peek };
        var info = Stage.Open(_connection, listener);
        var found = "";
        var stage = new AcceptPeerMiddleware(
            async connection =>
            {
                if (bytes > 0)
                    found = Encoding.Latin1.GetString((await connection.Transport.Input.ReadAtLeastAsync(bytes, TestContext.Current.CancellationToken)).Buffer);
            },
            listener, Stage.Timeouts, _ => null, Stage.Metrics(_time, listener), _time);
        await stage.OnConnectionAsync(_connection);
        return (info.Session, found);
    }
}
