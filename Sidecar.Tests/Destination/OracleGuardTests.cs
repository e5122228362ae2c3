using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Options;
using Sidecar.Resolution;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Destination;

[SystemTest]
public sealed class OracleGuardTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly Resolver _resolver;
    private int _lookUps;

    public OracleGuardTests() => _resolver = new Resolver(_time, name =>
    {
        Interlocked.Increment(ref _lookUps);
        return name switch
        {
            "oracle.test" => [IPAddress.Parse("192.0.2.7"), IPAddress.Parse("::ffff:192.0.2.8"), IPAddress.Parse("2001:db8::7")],
            "local.test" => [IPAddress.Loopback],
            _ => throw new SocketException((int)SocketError.HostNotFound),
        };
    }, NullLogger<Resolver>.Instance);

    [Theory]
    [InlineData("192.0.2.7:9100", "192.0.2.7:9100", "192.0.2.7")]
    [InlineData("192.0.2.7:9100", "other.test:9100", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7:9100", "192.0.2.7")]
    [InlineData("[2001:db8:0::7]:9100", "[2001:DB8::7]:9100", "2001:db8::7")]
    [InlineData("oracle.test:9100", "192.0.2.7:9100", "192.0.2.7")]
    [InlineData("oracle.test:9100", "192.0.2.8:9100", "192.0.2.8")]
    [InlineData("oracle.test:9100", "x.test:9100", "2001:db8::7")]
    [InlineData("oracle.test:9100", "ORACLE.test.:9100", "192.0.2.9")]
    // On this host the Oracle may listen on all local addresses.
    [InlineData("127.0.0.1:9100", "0.0.0.0:9100", "0.0.0.0")]
    [InlineData("127.0.0.1:9100", "[::1]:9100", "::1")]
    [InlineData("local.test:9100", "127.8.8.8:9100", "127.8.8.8")]
    public async Task Find_TheOracleItself_IsNotAllowed(string oracle, string upstream, string address)
    {
        var host = oracle.StartsWith("::", StringComparison.Ordinal) ? new HostPort(oracle, 9100) : HostPort.Parse(oracle);
        var (refusal, detail) = await CheckAsync(host, HostPort.Parse(upstream), address);
        Assert.Equal(RelayEndReason.DestinationNotAllowed, refusal);
        Assert.EndsWith("is the Oracle that this sidecar asks", detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.7:9100", "192.0.2.7:9101", "192.0.2.7")]
    [InlineData("192.0.2.7:9100", "192.0.2.8:9100", "192.0.2.8")]
    [InlineData("oracle.test:9100", "oracle.test:9101", "192.0.2.7")]
    [InlineData("oracle.test:9100", "192.0.2.9:9100", "192.0.2.9")]
    [InlineData("127.0.0.1:9100", "192.0.2.7:9100", "192.0.2.7")]
    [InlineData("192.0.2.7:9100", "127.0.0.1:9100", "127.0.0.1")]
    public async Task Find_AnotherHostOrPort_IsAllowed(string oracle, string upstream, string address)
    {
        var (refusal, _) = await CheckAsync(HostPort.Parse(oracle), HostPort.Parse(upstream), address);
        Assert.Null(refusal);
    }

    [Fact]
    public async Task Find_NameOfTheOracleThatNobodyKnows_IsRefusedForItsPortAlone()
    {
        var (refusal, detail) = await CheckAsync(new HostPort("gone.test", 9100), new HostPort("192.0.2.7", 9100), "192.0.2.7");
        Assert.Equal(RelayEndReason.OracleUnreachable, refusal);
        Assert.Contains("192.0.2.7:9100 has the Oracle's port", detail, StringComparison.Ordinal);
        (refusal, _) = await CheckAsync(new HostPort("gone.test", 9100), new HostPort("192.0.2.7", 80), "192.0.2.7");
        Assert.Null(refusal);
        Assert.Equal(1, _lookUps);
    }

    [Fact]
    public void For_P1WithoutRoutesAndListenersWithoutAnOracle_GuardNothing()
    {
        var oracle = new HostPort("oracle.test", 9100);
        Assert.Null(OracleGuard.For(Stage.Listener(SidecarRole.Outbound) with { Oracle = oracle }, _resolver, TimeSpan.FromSeconds(1)));
        Assert.Null(OracleGuard.For(Stage.Listener(SidecarRole.Inbound), _resolver, TimeSpan.FromSeconds(1)));
        ListenerOptions[] guarded = [Stage.Listener(SidecarRole.Inbound), Stage.Listener(SidecarRole.Alone), Stage.Listener(SidecarRole.Outbound) with { Routes = [Stage.Route("*:80", RouteAction.Peer)] }];
        foreach (var listener in guarded)
            Assert.NotNull(OracleGuard.For(listener with { Oracle = oracle }, _resolver, TimeSpan.FromSeconds(1)));
    }

    private async Task<(RelayEndReason? Refusal, string? Detail)> CheckAsync(HostPort oracle, HostPort upstream, string address)
    {
        var found = await new OracleGuard(oracle, _resolver, TimeSpan.FromSeconds(1)).FindAsync(upstream);
        if (found.Failure is { } failure)
            return (failure, found.Detail);
        var verdict = found.Check(new IPEndPoint(IPAddress.Parse(address), upstream.Port));
        return (verdict.Refusal, verdict.Detail);
    }
}
