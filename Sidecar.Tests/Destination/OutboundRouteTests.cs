using Chassis.Net;
using FsCheck;
using FsCheck.Fluent;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Handshakes.Socks;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Destination;

/// <summary>Which route a destination takes, and what that makes of the connection.</summary>
public sealed class OutboundRouteTests
{
    private static readonly string[] Hosts = ["10.1.2.3", "10.9.0.1", "192.0.2.1", "fd00::1", "fd01::1", "a.test", "b.a.test", "xa.test"];
    private static readonly string[] Patterns = ["*", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "[fd00::/16]", "a.test", "*.a.test", "*.test"];
    private static readonly int[] Ports = [80, 443];

    // Against a reference of ten lines.
    [Fact]
    public void Route_OfAnyDestination_IsTheFirstThatMatches() => Check.QuickThrowOnFailure(Prop.ForAll(
        Gen.ListOf(Gen.Elements(Patterns).SelectMany(pattern => Gen.Elements(0, 80, 443).Select(port => (pattern, port)))).ToArbitrary(),
        Gen.Elements(Hosts).SelectMany(host => Gen.Elements(Ports).Select(port => (host, port))).ToArbitrary(),
        Gen.Elements(null, "a.test", "b.a.test", "xa.test").ToArbitrary(),
        (routes, destination, name) =>
        {
            var listener = Listener([.. routes.Select((route, i) => Route(route.port == 0 ? route.pattern : $"{route.pattern}:{route.port}", RouteAction.Peer) with { Peer = new HostPort("peer", i + 1) })]);

            var route = Taken(listener, new HostPort(destination.host, destination.port), name).Route;

            var expected = routes.ToList().FindIndex(r => (r.port == 0 || r.port == destination.port)
                && (Fits(r.pattern, destination.host) || (name is not null && r.pattern.EndsWith("test", StringComparison.Ordinal) && Fits(r.pattern, name))));
            Assert.Equal(expected < 0 ? new HostPort(destination.host, destination.port) : new HostPort("peer", expected + 1), route!.Upstream);
            Assert.Equal(expected >= 0, route.Configured);
        }));

    [Theory]
    [InlineData("10.1.2.3", RouteAction.Plain, PeerSession.Plain, null)]
    [InlineData("10.1.2.3", RouteAction.Peer, null, null)]
    [InlineData("10.1.2.3", RouteAction.Deny, null, RelayEndReason.DestinationNotAllowed)]
    [InlineData("192.0.2.1", RouteAction.Peer, PeerSession.Plain, null)]
    [InlineData("192.0.2.1", RouteAction.Deny, PeerSession.Plain, null)]
    public void Connection_GoesAsItsRouteSays(string host, RouteAction action, PeerSession? session, RelayEndReason? reason)
    {
        var (route, info) = Taken(Listener(Route("10.0.0.0/8", action)), new HostPort(host, 80));

        Assert.Equal((session, reason), (info.Session, info.Failure?.Reason));
        Assert.Equal(reason is null, route is not null);
        Assert.Equal(route?.Rule?.Timeouts.Idle ?? Stage.Timeouts.Idle, info.Timeouts.Idle);
    }

    [Fact]
    public void Connection_OfAListenerWithoutRoutes_IsGreeted() =>
        Assert.Null(Taken(Listener(), new HostPort("10.1.2.3", 80)).Info.Session);

    [Theory]
    // A name matches patterns of names with the destination's port, and the address its own.
    [InlineData("10.1.2.3", 443, "b.a.test", 1)]
    [InlineData("10.9.0.1", 443, "b.a.test", 0)]
    [InlineData("10.1.2.3", 443, "c.test", 2)]
    [InlineData("10.1.2.3", 80, "b.a.test", 3)]
    [InlineData("10.1.2.3", 443, null, 3)]
    [InlineData("192.0.2.1", 443, "xa.test", -1)]
    [InlineData("192.0.2.7", 80, "xa.test", 2)]
    public void Name_OfTheClient_OnlyChoosesTheRoute(string host, int port, string? name, int expected)
    {
        var listener = Listener(
            Route("10.9.0.0/16", RouteAction.Peer),
            Route("*.a.test:443", RouteAction.Peer),
            Route("c.test", RouteAction.Peer) with { Destinations = [DestinationPattern.Parse("c.test:443"), DestinationPattern.Parse("192.0.2.7")] },
            Route("10.0.0.0/8", RouteAction.Peer));

        var route = Taken(listener, new HostPort(host, port), name).Route!;

        Assert.Equal(expected, route.Rule is null ? -1 : listener.Routes.ToList().IndexOf(route.Rule));
        // The guard judges it as a client's destination, not as one of the configuration.
        Assert.Equal((new HostPort(host, port), new HostPort(host, port), false), (route.Destination, route.Upstream, route.Configured));
    }

    [Fact]
    public void Name_ThatIsDenied_IsInTheReason()
    {
        var (route, info) = Taken(Listener(Route("*.a.test", RouteAction.Deny)), new HostPort("10.1.2.3", 80), "b.a.test");

        Assert.Null(route);
        Assert.Equal(new Ending(RelayEndReason.DestinationNotAllowed, "a route of this listener denies 10.1.2.3:80 (b.a.test)"), info.Failure);
    }

    [Theory]
    [InlineData("10.1.2.3:443", false)]
    [InlineData("10.9.0.1:443", true)]
    [InlineData("10.9.0.1:80", false)]
    [InlineData("192.0.2.1:443", true)]
    [InlineData("192.0.2.1:25", false)]
    public void Name_IsAskedFor_OnlyWhereItDecides(string destination, bool decides) => Assert.Equal(decides, Listener(
        Route("10.1.0.0/16", RouteAction.Plain), Route("*.a.test:443", RouteAction.Peer), Route("*:25", RouteAction.Plain)).DependsOnName(HostPort.Parse(destination)));

    private static ListenerOptions Listener(params IReadOnlyList<OutboundRoute> routes) => Stage.Listener(SidecarRole.Outbound, ListenerMode.Socks4) with { Routes = routes };

    private static OutboundRoute Route(string pattern, RouteAction action) => new()
    {
        Destinations = [DestinationPattern.Parse(pattern)],
        Action = action,
        Timeouts = new TimeoutOptions { Idle = TimeSpan.FromSeconds(7) },
    };

    private static bool Fits(string pattern, string host) => pattern switch
    {
        "*" => true,
        "*.a.test" => host.EndsWith(".a.test", StringComparison.Ordinal),
        "*.test" => host.EndsWith(".test", StringComparison.Ordinal),
        "10.0.0.0/8" => host.StartsWith("10.", StringComparison.Ordinal),
        "10.1.0.0/16" => host.StartsWith("10.1.", StringComparison.Ordinal),
        "[fd00::/16]" => host.StartsWith("fd00:", StringComparison.Ordinal),
        _ => host == pattern,
    };

    private static (ConnectionRoute? Route, ConnectionInfo Info) Taken(ListenerOptions listener, HostPort destination, string? name = null)
    {
        var connection = new MemoryConnection();
        var info = Stage.Open(connection, listener);
        info.Name = name;
        connection.Features.Set<SocksRequest?>(new SocksRequest(SocksRequest.Connect, destination));
        new RouteMiddleware(_ => Task.CompletedTask, listener).OnConnectionAsync(connection).GetAwaiter().GetResult();
        return (connection.Features.Get<ConnectionRoute>(), info);
    }
}
