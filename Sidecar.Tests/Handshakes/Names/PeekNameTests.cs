using System.Text;
using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Handshakes.Names;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Handshakes.Names;

/// <summary>When the first bytes of a client are looked at, and that none is lost by it.</summary>
public sealed class PeekNameTests : IDisposable
{
    private const string Request = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

    private static readonly TimeSpan Peek = TimeSpan.FromMilliseconds(100);

    private readonly ManualTimeProvider _time = new();
    private readonly MemoryConnection _connection = new();
    private ConnectionInfo _info = null!;

    public void Dispose() => _connection.SendEnd();

    [Theory]
    [InlineData(Request, "a.test")]
    [InlineData("EHLO a.test\r\n", null)]
    public async Task Client_HoweverItsBytesCome_HasItsNameAndKeepsThem(string bytes, string? name)
    {
        var stage = RunAsync("10.1.2.3:80", bytes.Length);
        foreach (var c in bytes)
            await _connection.SendAsync(c.ToString());

        Assert.Equal(bytes, await stage);
        Assert.Equal(name, _info.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1\r\n")]
    public async Task Client_ThatIsSilentForTheTime_HasNoNameAndKeepsItsBytes(string before)
    {
        var stage = RunAsync("10.1.2.3:80", before.Length);
        await _connection.SendAsync(before);
        _time.Advance(Peek - TimeSpan.FromMilliseconds(1));
        Assert.False(stage.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(before, await stage);
        Assert.Null(_info.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1\r\nHost: a.test\r\n")]
    public async Task Client_ThatEndsItsStream_HasNoNameAndKeepsItsBytes(string before)
    {
        await _connection.SendAsync(before);
        _connection.SendEnd();

        Assert.Equal(before, await RunAsync("10.1.2.3:80", before.Length));
        Assert.Null(_info.Name);
    }

    [Fact]
    public async Task Client_ThatResets_EndsTheConnection()
    {
        _connection.SendReset();

        Assert.Null(await RunAsync("10.1.2.3:80", 0));
        Assert.Equal(RelayEndReason.ClientReset, _info.Failure?.Reason);
    }

    [Theory]
    // No route has a name with this port, or one before it has decided.
    [InlineData("10.1.2.3:22")]
    [InlineData("10.9.9.9:80")]
    [InlineData(null)]
    public async Task Client_WhoseRouteDependsOnNoName_IsNotWaitedFor(string? destination)
    {
        Assert.Equal("", await RunAsync(destination, 0));
        Assert.Null(_info.Name);
    }

    // That many of the bytes that the next stage finds; null if it is not reached.
    private async Task<string?> RunAsync(string? destination, int bytes)
    {
        var listener = Stage.Listener(SidecarRole.Outbound, ListenerMode.Transparent) with
        {
            PeekNames = true,
            PeekTimeout = Peek,
            Routes = [Route("10.9.0.0/16"), Route("a.test:80", "10.9.0.0/16"), Route("*")],
        };
        _info = Stage.Open(_connection, listener);
        string? found = null;
        var stage = new PeekNameMiddleware(
            async connection => found = bytes == 0 ? "" : Encoding.Latin1.GetString((await connection.Transport.Input.ReadAtLeastAsync(bytes, TestContext.Current.CancellationToken)).Buffer),
            listener, _ => destination is null ? null : HostPort.Parse(destination), _time);
        await stage.OnConnectionAsync(_connection);
        return found;
    }

    private static OutboundRoute Route(params string[] patterns) =>
        Stage.Route("*", RouteAction.Plain) with { Destinations = [.. patterns.Select(DestinationPattern.Parse)] };
}
