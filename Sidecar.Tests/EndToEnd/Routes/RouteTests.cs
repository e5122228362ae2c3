using Sidecar.Tests.Support.Peers;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Routes;

/// <summary>What the routes of an outbound listener make of connections, over real sockets.</summary>
public sealed class RouteTests
{
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Deny_RefusesAndConnectsToNobody(string transport)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync("{destination: 127.0.0.0/8, action: deny}", words: ["--transport", transport]);
        using var client = await sidecar.AskAsync(service.Port);

        await RoutedSidecar.IsRejectedAsync(client);

        var record = await sidecar.Running.EndsForAsync("destination_not_allowed");
        Assert.Equal($"a route of this listener denies 127.0.0.1:{service.Port}", record.Text("detail"));
        Assert.True(service.IsUntouched);
    }

    // A network that is denied is denied by every name, unless a route before it has the name.
    [Theory]
    [InlineData("{destination: 127.0.0.0/8, action: deny}", false)]
    [InlineData("{destination: 127.0.0.0/8, action: deny}, {destination: localhost, action: plain}", false)]
    [InlineData("{destination: localhost, action: plain}, {destination: 127.0.0.0/8, action: deny}", true)]
    [InlineData("{destination: \"127.0.0.1:1\", action: deny}", true)]
    public async Task Deny_HoldsForTheAddressesOfNames(string routes, bool isServed)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync(routes);
        using var client = await sidecar.AskAsync(service.Port, "localhost");

        if (isServed)
        {
            await RoutedSidecar.IsGrantedAsync(client);
            return;
        }

        await RoutedSidecar.IsRejectedAsync(client);
        var record = await sidecar.Running.EndsForAsync("destination_not_allowed");
        Assert.Equal($"a route of this listener denies 127.0.0.1:{service.Port}", record.Text("detail"));
        Assert.True(service.IsUntouched);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Plain_IsTheClientsOwnStreamAndNoQuestion(string transport)
    {
        using var service = new LoopbackListener();
        using var oracle = new PlayedOracle();
        await using var sidecar = await RoutedSidecar.StartAsync(
            $$"""{destination: "*:{{service.Port}}", action: plain}""", $$"""oracle: {address: "127.0.0.1:{{oracle.Port}}"}""", "--transport", transport);
        using var client = await sidecar.AskAsync(service.Port);
        using var served = await service.AcceptAsync();
        await RoutedSidecar.IsGrantedAsync(client);

        // Also from a server that speaks first.
        await served.SendAsync("220 ready\n");
        Assert.Equal("220 ready", await client.ReadLineAsync());
        await RoutedSidecar.TalkAsync(client, served, b => b);

        var record = await sidecar.EndAsync(client, served);
        Assert.Equal(("completed", "plain", "idt"), (record.Reason, record.Text("session"), record.Text("transform")));
        Assert.True(await oracle.IsUntouchedAsync());
        Assert.Equal((1, 0), (await sidecar.DecisionsAsync("plain", "plain"), await sidecar.DecisionsAsync("peer", "greeted")));
    }

    // A service that is no sidecar would take a header for a request.
    [Fact]
    public async Task Plain_OfAListenerThatSendsHeaders_HasNone()
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync("""{destination: "*", action: plain}""", words: ["--send-proxy", "v1"]);
        using var client = await sidecar.AskAsync(service.Port);
        using var served = await service.AcceptAsync();
        await RoutedSidecar.IsGrantedAsync(client);

        await RoutedSidecar.TalkAsync(client, served, b => b);
    }

    // A client that reached the Oracle could ask as the sidecar does.
    [Theory]
    [InlineData("plain", true)]
    [InlineData("peer", false)]
    public async Task Plain_ToTheOracleItself_IsRefused(string action, bool isRefused)
    {
        using var oracle = new PlayedOracle();
        await using var sidecar = await RoutedSidecar.StartAsync(
            $$"""{destination: "*", action: {{action}}}""", $$"""oracle: {address: "127.0.0.1:{{oracle.Port}}"}""");
        using var client = await sidecar.AskAsync(oracle.Port);

        if (isRefused)
        {
            await RoutedSidecar.IsRejectedAsync(client);
            Assert.Equal("destination_not_allowed", (await sidecar.Running.RecordAsync()).Reason);
            return;
        }

        using var asked = await oracle.AcceptAsync();
        Assert.Equal("", await RoutedSidecar.AcceptGreetingAsync(asked));
    }

    [Theory]
    [InlineData("epoll", "", "", 0xff)]
    [InlineData("sockets", "", "", 0xff)]
    [InlineData("epoll", ", peer: \"127.0.0.1:{peer}\"", "db.test 5432", 0xff)]
    [InlineData("epoll", ", peer: \"127.0.0.1:{peer}\", transform: (xor 7)", "db.test 5432", 7)]
    public async Task Peer_IsGreetedAtItsAddressWithTheTransformOfTheRoute(string transport, string settings, string named, int key)
    {
        using var peer = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync(
            $$"""{destination: [db.test, 127.0.0.1], action: peer{{settings.Replace("{peer}", $"{peer.Port}", StringComparison.Ordinal)}}}""", words: ["--transport", transport]);
        // With a given peer the name is the peer's business; this one has no address.
        using var client = named.Length == 0 ? await sidecar.AskAsync(peer.Port) : await sidecar.AskAsync(5432, "DB.test");
        using var served = await peer.AcceptAsync();

        Assert.Equal(named, await RoutedSidecar.AcceptGreetingAsync(served), ignoreCase: true);

        await RoutedSidecar.IsGrantedAsync(client);
        await RoutedSidecar.TalkAsync(client, served, b => (byte)(b ^ key));
        var record = await sidecar.EndAsync(client, served);
        Assert.Equal(("completed", "greeted"), (record.Reason, record.Text("session")));
        Assert.Equal(1, await sidecar.DecisionsAsync("peer", "greeted"));
    }

    [Fact]
    public async Task Routes_ThatAllMatch_TheFirstDecides()
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync($$"""
            {destination: "*:{{service.Port}}", action: peer, transform: (xor 1)}, {destination: 127.0.0.1, action: deny}, {destination: "*", action: plain}
            """);
        using var client = await sidecar.AskAsync(service.Port);
        using var served = await service.AcceptAsync();
        await RoutedSidecar.AcceptGreetingAsync(served);
        await RoutedSidecar.IsGrantedAsync(client);
        await RoutedSidecar.TalkAsync(client, served, b => (byte)(b ^ 1));

        using var other = await sidecar.AskAsync(service.Port == 1 ? 2 : 1);
        await RoutedSidecar.IsRejectedAsync(other);
        await sidecar.Running.RecordAsync(r => r.Reason == "destination_not_allowed");
    }

    [Fact]
    public async Task Destination_ThatNoRouteMatches_IsPlain()
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync("{destination: [192.0.2.0/24, \"*.test\"], action: deny}");
        using var client = await sidecar.AskAsync(service.Port);
        using var served = await service.AcceptAsync();
        await RoutedSidecar.IsGrantedAsync(client);
        await RoutedSidecar.TalkAsync(client, served, b => b);
        Assert.Equal("plain", (await sidecar.EndAsync(client, served)).Text("session"));
    }

    [Fact]
    public async Task Listener_WithoutRoutes_Greets()
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync("");
        using var client = await sidecar.AskAsync(service.Port);
        using var served = await service.AcceptAsync();
        Assert.Equal("", await RoutedSidecar.AcceptGreetingAsync(served));
        await RoutedSidecar.IsGrantedAsync(client);
        await RoutedSidecar.TalkAsync(client, served, b => (byte)~b);
        Assert.Equal("greeted", (await sidecar.EndAsync(client, served)).Text("session"));
    }

    [Theory]
    [InlineData("handshake", "handshake_timeout")]
    [InlineData("idle", "idle_timeout")]
    [InlineData("half-closed", "half_closed_timeout")]
    public async Task Timeout_OfARoute_TakesThePlaceOfTheProcesss(string limit, string reason)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync($$"""{destination: 127.0.0.1, action: peer, timeouts: { {{limit}}: 300ms} }""");
        using var client = await sidecar.AskAsync(service.Port);
        using var served = await service.AcceptAsync();
        if (limit != "handshake")
        {
            await RoutedSidecar.AcceptGreetingAsync(served);
            await RoutedSidecar.IsGrantedAsync(client);
        }

        if (limit == "half-closed")
            client.Finish();

        var record = await sidecar.Running.EndsForAsync(reason);
        Assert.InRange(record.DurationMs, 290, 15_000);
    }

    [Fact]
    public async Task ConnectTimeout_OfARoute_TakesThePlaceOfTheProcesss()
    {
        await using var destination = await HangingPort.OpenAsync();
        await using var sidecar = await RoutedSidecar.StartAsync("{destination: 127.0.0.1, action: plain, timeouts: {connect: 300ms}}");
        using var client = await sidecar.AskAsync(destination.Port);

        await RoutedSidecar.IsRejectedAsync(client);

        var record = await sidecar.Running.RecordAsync();
        Assert.Equal("connect_timeout", record.Reason);
        Assert.InRange(record.DurationMs, 290, 15_000);
    }

    // The address has one count; the route has the limit.
    [Fact]
    public async Task Limit_OfARoute_HoldsForItsConnections()
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync("""
            {destination: localhost, action: plain, limits: {max-connections: off}}, {destination: 127.0.0.1, action: plain, limits: {max-connections: 1}}
            """);
        using var first = await sidecar.AskAsync(service.Port);
        await RoutedSidecar.IsGrantedAsync(first);
        using var second = await sidecar.AskAsync(service.Port);
        await RoutedSidecar.IsRejectedAsync(second);
        Assert.Equal($"more than 1 connections to 127.0.0.1:{service.Port}", (await sidecar.Running.RecordAsync(r => r.Reason == "upstream_limit")).Text("detail"));

        using var third = await sidecar.AskAsync(service.Port, "localhost");
        await RoutedSidecar.IsGrantedAsync(third);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Reload_OfRoutes_IsForNewConnections(string transport)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync("""{destination: "*", action: peer}""", words: ["--transport", transport]);
        using var live = await sidecar.AskAsync(service.Port);
        using var served = await service.AcceptAsync();
        await RoutedSidecar.AcceptGreetingAsync(served);
        await RoutedSidecar.IsGrantedAsync(live);
        await RoutedSidecar.TalkAsync(live, served, b => (byte)~b);

        await sidecar.SetRoutesAsync("""{destination: "*", action: plain}""");
        using var later = await sidecar.AskAsync(service.Port);
        using var servedLater = await service.AcceptAsync();
        await RoutedSidecar.IsGrantedAsync(later);
        await RoutedSidecar.TalkAsync(later, servedLater, b => b);
        await RoutedSidecar.TalkAsync(live, served, b => (byte)~b);

        await sidecar.SetRoutesAsync("""{destination: "*", action: deny}""");
        using var refused = await sidecar.AskAsync(service.Port);
        await RoutedSidecar.IsRejectedAsync(refused);
        await RoutedSidecar.TalkAsync(later, servedLater, b => b);
        Assert.Equal("greeted", (await sidecar.EndAsync(live, served)).Text("session"));

        // Without routes it greets again.
        await sidecar.SetRoutesAsync("");
        using var greeting = await sidecar.AskAsync(service.Port);
        using var greeted = await service.AcceptAsync();
        await RoutedSidecar.AcceptGreetingAsync(greeted);
        await RoutedSidecar.IsGrantedAsync(greeting);
    }
}
