using System.Net;
using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Handshakes.Socks;
using Sidecar.Net;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Destination;

[SystemTest]
public sealed class DestinationGuardTests
{
    private static readonly ListenerOptions P1 = Stage.Listener(SidecarRole.Outbound, name: "out");
    private static readonly ListenerOptions P2 = Stage.Listener(SidecarRole.Inbound, name: "in");
    private static readonly ListenerOptions Alone = Stage.Listener(name: "solo");

    [Theory]
    [InlineData("127.0.0.1:45000")]
    [InlineData("127.0.0.1:45001")]
    [InlineData("127.8.8.8:45001")]
    [InlineData("[::1]:45001")]
    [InlineData("0.0.0.0:45001")]
    [InlineData("[::]:45001")]
    [InlineData("127.0.0.1:25090")]
    public void CheckLoop_OwnPortOnALocalAddress_IsASelfCall(string address) =>
        Assert.All([P1, P2, Alone], listener =>
            Assert.Equal(RelayEndReason.SelfCall, Guard().CheckLoop(IPEndPoint.Parse(address), listener, configured: false).Refusal));

    [Theory]
    [InlineData("127.0.0.1:15000")]
    [InlineData("[::1]:15021")]
    [InlineData("0.0.0.0:15099")]
    public void CheckLoop_AnotherSidecarsEndpoint_IsNotAllowed(string address) =>
        Assert.All([P1, P2, Alone], listener =>
            Assert.Equal(RelayEndReason.DestinationNotAllowed, Guard().CheckLoop(IPEndPoint.Parse(address), listener, configured: true).Refusal));

    [Theory]
    [InlineData("192.0.2.1:45001")]
    [InlineData("192.0.2.1:15000")]
    [InlineData("127.0.0.1:9000")]
    [InlineData("127.0.0.1:14999")]
    [InlineData("127.0.0.1:15100")]
    public void CheckLoop_OtherHostOrPort_IsAllowed(string address) =>
        Assert.Null(Guard().CheckLoop(IPEndPoint.Parse(address), Alone, configured: false).Refusal);

    [Fact]
    public void CheckLoop_ConfiguredPeerOfTheSameProcess_OnlyFromP1ToP2()
    {
        var p2 = IPEndPoint.Parse("127.0.0.1:45001");
        Assert.Null(Guard().CheckLoop(p2, P1, configured: true).Refusal);
        Assert.Equal(RelayEndReason.SelfCall, Guard().CheckLoop(p2, Alone, configured: true).Refusal);
        Assert.Equal(RelayEndReason.SelfCall, Guard().CheckLoop(p2, P2, configured: true).Refusal);
        Assert.Equal(RelayEndReason.SelfCall, Guard().CheckLoop(IPEndPoint.Parse("127.0.0.1:45000"), P1, configured: true).Refusal);
    }

    // What a client claims to be a name of a peer leads it nowhere else than its address.
    [Fact]
    public async Task Check_RouteByANameOfTheClient_IsJudgedByTheAddress()
    {
        var p1 = P1 with
        {
            Mode = ListenerMode.Transparent,
            Routes = [Stage.Route("peer.test", RouteAction.Peer)],
        };
        foreach (var (address, refusal) in new[] { ("127.0.0.1:45000", RelayEndReason.SelfCall), ("127.0.0.1:45001", RelayEndReason.SelfCall), ("127.0.0.1:15000", RelayEndReason.DestinationNotAllowed) })
        {
            var connection = new MemoryConnection();
            Stage.Open(connection, p1).Name = "peer.test";
            connection.Features.Set<SocksRequest?>(new SocksRequest(SocksRequest.Connect, HostPort.Parse(address)));
            await new RouteMiddleware(_ => Task.CompletedTask, p1).OnConnectionAsync(connection);
            var route = connection.Features.Get<ConnectionRoute>()!;

            Assert.NotNull(route.Rule);
            Assert.Equal(refusal, Guard().Check(IPEndPoint.Parse($"{route.Upstream}"), p1, route).Refusal);
        }
    }

    [Fact]
    public void Check_P2BeyondItsList_IsNotAllowedUnlessItIsTheConfiguredTarget()
    {
        var elsewhere = IPEndPoint.Parse("192.0.2.1:80");
        var host = new HostPort("192.0.2.1", 80);
        Assert.Equal(RelayEndReason.DestinationNotAllowed, Guard().Check(elsewhere, P2, new ConnectionRoute(host, host, Configured: false)).Refusal);
        Assert.Null(Guard().Check(elsewhere, P2, new ConnectionRoute(host, host, Configured: true)).Refusal);
        Assert.Null(Guard().Check(elsewhere, P2, new ConnectionRoute(host, host, Configured: false, new OriginalDestination(elsewhere))).Refusal);
        Assert.Null(Guard().Check(elsewhere, Alone, new ConnectionRoute(host, host, Configured: false)).Refusal);
    }

    [Fact]
    public void Check_DeniedDestination_StandsAboveWhatIsAllowed()
    {
        var listener = P2 with { AllowDestinations = [DestinationRule.Parse("192.0.2.0/24")], DenyDestinations = [DestinationRule.Parse("192.0.2.7:80")] };
        Assert.Null(Check(listener, "192.0.2.7:81", configured: false).Refusal);
        Assert.Contains("deny-destinations", Check(listener, "192.0.2.7:80", configured: false).Detail, StringComparison.Ordinal);
        Assert.Null(Check(listener, "192.0.2.7:80", configured: true).Refusal);
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.170.2")]
    [InlineData("169.254.170.23")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd00:ec2::23")]
    public void Check_AddressThatServesCredentials_HasToBeListedByItself(string address)
    {
        var destination = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:80" : $"{address}:80";
        var networks = P2 with { AllowDestinations = [DestinationRule.Parse("0.0.0.0/0"), DestinationRule.Parse("::/0"), DestinationRule.Parse("169.254.0.0/16"), DestinationRule.Parse("original")] };
        var itself = P2 with { AllowDestinations = [DestinationRule.Parse(address)] };

        Assert.Contains("credentials", Check(networks, destination, configured: false).Detail, StringComparison.Ordinal);
        Assert.Null(Check(networks, destination, configured: true).Refusal);
        Assert.Null(Check(itself, destination, configured: false).Refusal);
    }

    private static GuardVerdict Check(ListenerOptions listener, string address, bool configured)
    {
        var endPoint = IPEndPoint.Parse(address);
        var host = new HostPort(endPoint.Address.ToString(), endPoint.Port);
        return Guard().Check(endPoint, listener, new ConnectionRoute(host, host, configured, new OriginalDestination(endPoint)));
    }

    private static DestinationGuard Guard()
    {
        var ports = new OwnPorts();
        ports.AddEndpoint(IPEndPoint.Parse("0.0.0.0:25090"), "metrics");
        ports.SetListeners([new OwnListener(IPEndPoint.Parse("0.0.0.0:45000"), P1), new OwnListener(IPEndPoint.Parse("0.0.0.0:45001"), P2)]);
        return new DestinationGuard(ports, new NeighbourListeners(TimeProvider.System));
    }
}
