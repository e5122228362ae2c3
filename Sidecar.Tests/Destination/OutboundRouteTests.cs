using System.Net;
using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Handshakes.Socks;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Destination;

/// <summary>Which route a destination takes, and what that makes of the connection.</summary>
public sealed class OutboundRouteTests
{
    private static readonly HostPort Target = new("192.0.2.77", 45001);

    // Against a reference of ten lines: random routes and destinations, from few parts, so that many match.
    [Fact]
    public void Route_OfAnyDestination_IsTheFirstThatMatches()
    {
        var (matched, rounds) = (0, Rounds.Of(5000));
        for (var round = 0; round < rounds; round++)
        {
            var random = new RandomDestinations(round);
            var destination = random.Destination();
            var rules = Enumerable.Range(0, random.Next(9)).Select(_ => random.Rule()).ToList();
            var listener = Listener([.. rules.Select((rule, i) => Route(rule.Patterns, rule.Action, i + 1))]) with { Target = random.Next(2) == 0 ? Target : null };

            // A client whose destination is an address may send a name.
            var name = destination.Name is null && random.Next(2) == 0 ? random.Name(2) : null;
            var (route, info) = Taken(listener, destination.Spelled, name);

            var expected = rules.FindIndex(rule => rule.Patterns.Any(pattern => Fits(pattern, destination) || Fits(pattern, destination with { Bits = null, Name = name })));
            var action = expected < 0 ? RouteAction.Plain : rules[expected].Action;
            var place = $"round {round}: {destination.Spelled} ({name}) among {string.Join(" | ", rules.Select(rule => string.Join(' ', rule.Patterns.Select(pattern => pattern.Text))))}";
            Assert.True((action == RouteAction.Deny) == (route is null), place);
            Assert.True((action == RouteAction.Plain) == info.Session.IsPlain(), place);
            if (route is not null)
            {
                Assert.True(route.Upstream == (action == RouteAction.Plain ? destination.Spelled : new HostPort("peer", expected + 1)), place);
                Assert.True(route.Rule == (expected < 0 ? null : listener.Routes[expected]) && route.Configured == (action == RouteAction.Peer), place);
            }

            matched += expected < 0 ? 0 : 1;
        }

        Assert.InRange(matched, rounds / 5, rounds * 4 / 5);
    }

    [Theory]
    [InlineData("10.1.2.3", RouteAction.Plain, PeerSession.Plain, null)]
    [InlineData("10.1.2.3", RouteAction.Peer, null, null)]
    [InlineData("10.1.2.3", RouteAction.Deny, null, RelayEndReason.DestinationNotAllowed)]
    [InlineData("192.0.2.1", RouteAction.Peer, PeerSession.Plain, null)]
    [InlineData("192.0.2.1", RouteAction.Deny, PeerSession.Plain, null)]
    public void Connection_GoesAsItsRouteSays(string host, RouteAction action, PeerSession? session, RelayEndReason? reason)
    {
        var rule = Stage.Route("10.0.0.0/8", action) with { Timeouts = new TimeoutOptions { Idle = TimeSpan.FromSeconds(7) } };

        var (route, info) = Taken(Listener(rule), new HostPort(host, 80));

        Assert.Equal((session, reason), (info.Session, info.Failure?.Reason));
        Assert.Equal(reason is null, route is not null);
        Assert.Equal(route?.Rule?.Timeouts.Idle ?? Stage.Timeouts.Idle, info.Timeouts.Idle);
    }

    [Fact]
    public void Connection_OfAListenerWithoutRoutes_IsGreeted() =>
        Assert.Null(Taken(Listener(), new HostPort("10.1.2.3", 80)).Info.Session);

    // The listener's own p2 is for connections that are greeted.
    [Theory]
    [InlineData("10.1.2.3", "192.0.2.77:45001", true)]
    [InlineData("10.2.0.1", "gate.test:15006", true)]
    [InlineData("10.3.0.1", "10.3.0.1:80", false)]
    [InlineData("192.0.2.1", "192.0.2.1:80", false)]
    public void Connection_OfAListenerWithATarget_GoesThereOnlyToBeGreeted(string host, string upstream, bool isConfigured)
    {
        var listener = Listener(
            Stage.Route("10.1.0.0/16", RouteAction.Peer),
            Stage.Route("10.2.0.0/16", RouteAction.Peer) with { Peer = HostPort.Parse("gate.test:15006") },
            Stage.Route("10.3.0.0/16", RouteAction.Plain)) with { Target = Target };

        var route = Taken(listener, new HostPort(host, 80)).Route!;

        Assert.Equal((upstream, isConfigured, $"{host}:80"), (route.Upstream.ToString(), route.Configured, route.Destination.ToString()));
    }

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
            Stage.Route("10.9.0.0/16", RouteAction.Peer),
            Stage.Route("*.a.test:443", RouteAction.Peer),
            Stage.Route("c.test", RouteAction.Peer) with { Destinations = [DestinationPattern.Parse("c.test:443"), DestinationPattern.Parse("192.0.2.7")] },
            Stage.Route("10.0.0.0/8", RouteAction.Peer));

        var route = Taken(listener, new HostPort(host, port), name).Route!;

        Assert.Equal(expected, route.Rule is null ? -1 : listener.Routes.ToList().IndexOf(route.Rule));
        // The guard judges it as a client's destination, not as one of the configuration.
        Assert.Equal((new HostPort(host, port), new HostPort(host, port), false), (route.Destination, route.Upstream, route.Configured));
    }

    [Fact]
    public void Name_ThatIsDenied_IsInTheReason()
    {
        var (route, info) = Taken(Listener(Stage.Route("*.a.test", RouteAction.Deny)), new HostPort("10.1.2.3", 80), "b.a.test");

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
        Stage.Route("10.1.0.0/16", RouteAction.Plain), Stage.Route("*.a.test:443", RouteAction.Peer), Stage.Route("*:25", RouteAction.Plain)).DependsOnName(HostPort.Parse(destination)));

    private static ListenerOptions Listener(params IReadOnlyList<OutboundRoute> routes) => Stage.Listener(SidecarRole.Outbound, ListenerMode.Socks4) with { Routes = routes };

    private static OutboundRoute Route(IReadOnlyList<RandomPattern> patterns, RouteAction action, int number) => Stage.Route("*", action) with
    {
        Destinations = [.. patterns.Select(pattern => DestinationPattern.Parse(pattern.Text))],
        Peer = action == RouteAction.Peer ? new HostPort("peer", number) : null,
    };

    // The reference: addresses are their bits, names their labels.
    private static bool Fits(RandomPattern pattern, RandomDestination destination)
    {
        if (pattern.Port is { } port && port != destination.Spelled.Port)
            return false;
        if (pattern.Bits is { } network)
            return destination.Bits?.StartsWith(network, StringComparison.Ordinal) == true;
        if (pattern.Name is not { } name)
            return true;
        return pattern.IsWildcard ? destination.Name?.EndsWith("." + name, StringComparison.Ordinal) == true : destination.Name == name;
    }

    private static (ConnectionRoute? Route, ConnectionInfo Info) Taken(ListenerOptions listener, HostPort destination, string? name = null)
    {
        var connection = new MemoryConnection();
        var info = Stage.Open(connection, listener);
        info.Name = name;
        connection.Features.Set<SocksRequest?>(new SocksRequest(SocksRequest.Connect, destination));
        new RouteMiddleware(_ => Task.CompletedTask, listener).OnConnectionAsync(connection).GetAwaiter().GetResult();
        return (connection.Features.Get<ConnectionRoute>(), info);
    }

    /// <summary>A destination as a client spells it.</summary>
    /// <param name="Spelled">The host in one of its forms, and the port.</param>
    /// <param name="Bits">Of an address: 4 or 6, and its bits.</param>
    /// <param name="Name">Of a name: in small letters, without the root's dot.</param>
    private sealed record RandomDestination(HostPort Spelled, string? Bits, string? Name);

    /// <summary>A pattern as a file has it.</summary>
    /// <param name="Text">As it is written.</param>
    /// <param name="Port">Its port; null for any.</param>
    /// <param name="Bits">Of a network: 4 or 6, and the bits of its prefix.</param>
    /// <param name="Name">Of a name: in small letters, without the root's dot and the wildcard.</param>
    /// <param name="IsWildcard">Whether it stands for all names below.</param>
    private sealed record RandomPattern(string Text, int? Port, string? Bits = null, string? Name = null, bool IsWildcard = false);

    /// <summary>Random destinations and patterns.</summary>
    private sealed class RandomDestinations(int seed)
    {
        private static readonly byte[] Octets = [0, 1, 10, 128, 255];
        private static readonly ushort[] Groups = [0, 1, 0x8000, 0xfd00, 0xffff];
        private static readonly string[] Labels = ["a", "b", "test", "x-1"];
        private static readonly int[] Ports = [80, 443, 65535];

        private readonly Random _random = new(seed);

        public int Next(int below) => _random.Next(below);

        public (IReadOnlyList<RandomPattern> Patterns, RouteAction Action) Rule() =>
            ([.. Enumerable.Range(0, Next(3) + 1).Select(_ => Pattern())], (RouteAction)Next(3));

        public string Name(int most) => string.Join('.', Enumerable.Range(0, Next(most) + 1).Select(_ => Labels[Next(Labels.Length)]));

        public RandomDestination Destination()
        {
            var port = Ports[Next(Ports.Length)];
            if (Next(2) == 0)
            {
                var name = Name(4);
                return new(new HostPort(Spelled(name), port), null, name);
            }

            var address = Address();
            return new(new HostPort(Spelled(address), port), Bits(address), null);
        }

        private RandomPattern Pattern()
        {
            int? port = Next(2) == 0 ? Ports[Next(Ports.Length)] : null;
            var behind = port is null ? "" : $":{port}";
            switch (Next(8))
            {
                case 0:
                    return new("*" + behind, port);
                case < 4:
                    var (name, isWildcard) = (Name(2), Next(2) == 0);
                    return new((isWildcard ? "*." : "") + Spelled(name) + behind, port, Name: name, IsWildcard: isWildcard);
                default:
                    var address = Address();
                    var longest = address.GetAddressBytes().Length * 8;
                    var prefix = Next(3) == 0 ? longest : Next(longest + 1);
                    var text = Spelled(Masked(address, prefix), prefix, longest);
                    return new(text.Contains(':', StringComparison.Ordinal) && port is not null ? $"[{text}]{behind}" : text + behind, port, Bits(address)[..(1 + prefix)]);
            }
        }

        // Case and the root's dot make no difference.
        private string Spelled(string name) => string.Concat(name.Select(c => Next(3) == 0 ? char.ToUpperInvariant(c) : c)) + (Next(4) == 0 ? "." : "");

        private IPAddress Address()
        {
            if (Next(2) == 0)
                return new IPAddress([.. Enumerable.Range(0, 4).Select(_ => Octets[Next(Octets.Length)])]);
            // The first group is never 0, for ::ffff:0:0/96 are addresses of IPv4.
            var groups = Enumerable.Range(0, 8).Select(i => i == 0 ? (ushort)(0xfd00 + Next(2)) : Groups[Next(Groups.Length)]);
            return new IPAddress([.. groups.SelectMany(group => new[] { (byte)(group >> 8), (byte)group })]);
        }

        private string Spelled(IPAddress address) => Next(3) switch
        {
            0 when IsV4(address) => $"::ffff:{address}",
            0 => address.ToString().ToUpperInvariant(),
            // All groups, with their zeros.
            1 when !IsV4(address) => string.Join(':', address.GetAddressBytes().Chunk(2).Select(group => Convert.ToHexStringLower(group))),
            _ => address.ToString(),
        };

        // A network of IPv4 can be written as one of mapped addresses.
        private string Spelled(IPAddress network, int prefix, int longest)
        {
            if (IsV4(network) && Next(3) == 0)
                return $"::ffff:{network}/{96 + prefix}";
            return prefix == longest && Next(2) == 0 ? Spelled(network) : $"{network}/{prefix}";
        }

        private static IPAddress Masked(IPAddress address, int prefix) =>
            new([.. address.GetAddressBytes().Select((octet, i) => (byte)(octet & (0xff00 >> Math.Clamp(prefix - (8 * i), 0, 8))))]);

        private static string Bits(IPAddress address) =>
            (IsV4(address) ? "4" : "6") + string.Concat(address.GetAddressBytes().Select(octet => $"{octet:b8}"));

        private static bool IsV4(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;
    }
}
