using System.Net;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Net;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Connections;

/// <summary>How much of a registry one client can take.</summary>
public sealed class ClientLimitsTests
{
    private const string Greedy = "192.0.2.1";
    private const string Modest = "192.0.2.2";

    private static readonly ListenerOptions Inbound = Stage.Listener(SidecarRole.Inbound, name: "in");

    [Fact]
    public void TryAdd_AClientWithAQuarterOfTheProcess_RefusesItAndServesOthers()
    {
        var registry = Registry(8, Inbound);
        var (first, _) = (Added(registry, Greedy), Added(registry, Greedy));

        Assert.Equal(new Ending(RelayEndReason.ClientLimit, "client 192.0.2.1 has 2 connections, the most for one client"), Refused(registry, Greedy));
        Added(registry, Modest);
        registry.TryEnd(first);
        Added(registry, Greedy);
    }

    // Two listeners do not give a client two quarters of the process.
    [Fact]
    public void TryAdd_ThroughSeveralListeners_CountsThemTogether()
    {
        var other = Stage.Listener(SidecarRole.Inbound, name: "other") with { MaxConnections = 7 };
        var registry = Registry(8, Inbound, other);
        Added(registry, Greedy);
        Added(registry, Greedy, other);

        Assert.NotNull(Refused(registry, Greedy));
    }

    [Fact]
    public void TryAdd_AListenerWithALimitOfItsOwn_GivesAQuarterOfThat()
    {
        var narrow = Inbound with { MaxConnections = 4 };
        var registry = Registry(1000, narrow);
        Added(registry, Greedy, narrow);

        Assert.Equal("client 192.0.2.1 has 1 connections to listener in, the most for one client", Refused(registry, Greedy, narrow).Detail);
        Added(registry, Modest, narrow);
    }

    [Fact]
    public void TryAdd_AGivenNumber_TakesThePlaceOfBothQuarters()
    {
        var wide = Inbound with { MaxClientConnections = 7 };
        var registry = Registry(8, wide);
        for (var i = 0; i < 7; i++)
            Added(registry, Greedy, wide);

        Assert.Equal(RelayEndReason.ClientLimit, Refused(registry, Greedy, wide).Reason);
        // All places of the process are another limit.
        Added(registry, Modest, wide);
        Assert.Equal(RelayEndReason.LimitReached, Refused(registry, "192.0.2.3", wide).Reason);
    }

    // A host can use any address of its /64, so another one there is the same client; one of the next /64 is not.
    [Theory]
    [InlineData("2001:db8::1", "2001:db8::ffff:1", false)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", true)]
    public void TryAdd_ANeighbour_IsAnotherClientOnlyBeyondItsNetwork(string client, string neighbour, bool isServed)
    {
        var registry = Registry(4, Inbound);
        Added(registry, client);

        Assert.Equal(isServed, registry.TryAdd(Report(neighbour, Inbound)));
    }

    [Fact]
    public void TryAdd_OfANetworkOfIPv6_NamesTheNetwork()
    {
        var registry = Registry(4, Inbound);
        Added(registry, "2001:db8::1");

        Assert.StartsWith("client 2001:db8::/64 has 1 connections", Refused(registry, "2001:db8::2").Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.1.2.3")]
    [InlineData("::1")]
    public void TryAdd_FromTheOwnPod_HasNoLimit(string own)
    {
        var registry = Registry(8, Inbound with { MaxClientHandshakes = 1 });
        for (var i = 0; i < 8; i++)
            Added(registry, own);

        Assert.Equal(RelayEndReason.LimitReached, Refused(registry, own).Reason);
    }

    [Theory]
    [InlineData(SidecarRole.Outbound)]
    [InlineData(SidecarRole.Alone)]
    public void TryAdd_ToAnotherRole_HasNoLimit(SidecarRole role)
    {
        var listener = Stage.Listener(role);
        var registry = Registry(8, listener);
        for (var i = 0; i < 8; i++)
            Added(registry, Greedy, listener);
    }

    [Fact]
    public void TryAdd_HandshakesUnderWay_EndWithTheRelayOrTheConnection()
    {
        var listener = Inbound with { MaxClientHandshakes = 2 };
        var registry = Registry(1000, listener);
        var (one, two) = (Added(registry, Greedy, listener), Added(registry, Greedy, listener));
        Assert.Equal("client 192.0.2.1 has 2 handshakes under way at listener in, the most for one client", Refused(registry, Greedy, listener).Detail);
        Added(registry, Modest, listener);

        registry.EndHandshake(one);
        registry.EndHandshake(one);
        var three = Added(registry, Greedy, listener);
        Refused(registry, Greedy, listener);
        registry.TryEnd(two);
        Added(registry, Greedy, listener);
        Refused(registry, Greedy, listener);
        registry.TryEnd(one);
        Refused(registry, Greedy, listener);
        registry.TryEnd(three);
        Added(registry, Greedy, listener);
    }

    [Fact]
    public void TryCountClient_BehindAProxy_CountsTheNamedClientAndNotTheProxy()
    {
        var listener = Inbound with { AcceptProxy = true, MaxClientConnections = 1 };
        var registry = Registry(1000, listener);
        // The proxy's address, which is none of this machine.
        List<ConnectionInfo> accepted = [.. Enumerable.Range(0, 4).Select(_ => Added(registry, "192.0.2.9", listener))];
        foreach (var (info, client) in accepted.Zip([Greedy, Greedy, Modest, "127.0.0.1"]))
            info.Client = At(client);

        Assert.Equal([true, false, true, true], accepted.Select(registry.TryCountClient));
        Assert.Equal(RelayEndReason.ClientLimit, registry.TryEnd(accepted[1])!.Reason);
        registry.TryEnd(accepted[0]);
        var next = Added(registry, "192.0.2.9", listener);
        next.Client = At(Greedy);
        Assert.True(registry.TryCountClient(next));
    }

    // A connection whose end was accounted for while its header came would never give its place back.
    [Fact]
    public void TryCountClient_AfterTheEnd_CountsNothing()
    {
        var listener = Inbound with { AcceptProxy = true };
        var registry = Registry(1000, listener);
        var info = Added(registry, Greedy, listener);
        info.End(RelayEndReason.Draining);
        registry.TryEnd(info);

        registry.TryCountClient(info);

        Assert.Equal(0, registry.ClientEntries);
    }

    // Each connection gives back what it took, also when a reload has changed the limits meanwhile.
    [Fact]
    public void Entries_AfterAllConnections_AreGone()
    {
        var current = new CurrentOptions(Stage.Options(Inbound) with { MaxConnections = 40 });
        var registry = new ConnectionRegistry(current);
        ListenerOptions[] generations = [Inbound, Inbound with { MaxClientConnections = 3 }, Inbound with { MaxClientHandshakes = 2 }, Inbound with { MaxConnections = 20 }];
        var random = new Random(18);
        var live = new List<ConnectionInfo>();
        for (var step = 0; step < 5000; step++)
        {
            if (step % 100 == 0)
                current.Value = current.Value with { MaxConnections = random.Next(20, 60) };
            var info = Report($"192.0.2.{random.Next(10)}", generations[random.Next(generations.Length)]);
            if (registry.TryAdd(info))
                live.Add(info);
            else
                registry.TryEnd(info);
            if (live.Count > 0 && random.Next(2) == 0)
                registry.EndHandshake(live[random.Next(live.Count)]);
            if (live.Count > 0 && random.Next(5) < 2)
            {
                var ending = live[random.Next(live.Count)];
                live.Remove(ending);
                registry.TryEnd(ending);
            }

            Assert.InRange(registry.ClientEntries, 0, 30);
        }

        live.ForEach(info => registry.TryEnd(info));
        Assert.Equal(0, registry.ClientEntries);
    }

    private static ConnectionRegistry Registry(int most, params ListenerOptions[] listeners) =>
        new(new CurrentOptions(Stage.Options(listeners) with { MaxConnections = most }));

    private static ConnectionInfo Added(ConnectionRegistry registry, string client, ListenerOptions? listener = null)
    {
        var info = Report(client, listener ?? Inbound);
        Assert.True(registry.TryAdd(info), info.Failure?.Detail);
        return info;
    }

    private static Ending Refused(ConnectionRegistry registry, string client, ListenerOptions? listener = null)
    {
        var info = Report(client, listener ?? Inbound);
        Assert.False(registry.TryAdd(info));
        return registry.TryEnd(info)!;
    }

    private static ConnectionInfo Report(string client, ListenerOptions listener) => new(listener, Stage.Timeouts, At(client), new MemoryConnection(), 0);

    private static ClientAddress At(string client) => new(new IPEndPoint(IPAddress.Parse(client), 50001));
}
