using System.Net.Sockets;
using Sidecar.Tests.Support.Peers;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Routes;

/// <summary>Routes with <c>fallback: plain</c>, before services that are no sidecars.</summary>
public sealed class FallbackTests
{
    private const string FallsBack = "{destination: 127.0.0.1, action: peer, fallback: plain, timeouts: {handshake: 300ms}}";

    // What a service does with a greeting that it does not understand, and how the connection ends without a fallback.
    private static readonly (string What, string Reason)[] Answers =
    [
        ("closes", "handshake_failed"),
        ("answers half a line and closes", "handshake_failed"),
        ("answers something else", "protocol_error"),
        ("answers a long line", "protocol_error"),
        ("resets", "upstream_reset"),
        ("is silent", "handshake_timeout"),
    ];

    public static TheoryData<string, string> Strangers
    {
        get
        {
            var strangers = new TheoryData<string, string>();
            foreach (var (what, _) in Answers)
            {
                strangers.Add("epoll", what);
                strangers.Add("sockets", what);
            }

            return strangers;
        }
    }

    public static TheoryData<string, string> Ends
    {
        get
        {
            var ends = new TheoryData<string, string>();
            foreach (var (what, reason) in Answers)
                ends.Add(what, reason);
            return ends;
        }
    }

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task Stranger_IsConnectedToAgainAsByAPlainClient(string transport, string what)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync(FallsBack, words: ["--transport", transport]);
        using var client = await sidecar.AskAsync(service.Port);
        using var first = await service.AcceptAsync();
        await MeetAsync(first, what);

        using var served = await service.AcceptAsync();
        await RoutedSidecar.IsGrantedAsync(client);
        await RoutedSidecar.TalkAsync(client, served, b => b);

        var record = await sidecar.EndAsync(client, served);
        Assert.Equal(("completed", "plain", "idt"), (record.Reason, record.Text("session"), record.Text("transform")));
        Assert.True(service.IsUntouched);
        Assert.Equal((1, 0), (await sidecar.DecisionsAsync("peer", "plain"), await sidecar.DecisionsAsync("peer", "greeted")));
        var warning = Assert.Single(sidecar.Downgrades);
        Assert.StartsWith($"Listener out: 127.0.0.1:{service.Port} is not a sidecar (", warning, StringComparison.Ordinal);
        await sidecar.Running.NoSocketIsOpenAsync();
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Stranger_OfARouteWithoutFallback_EndsTheConnection(string what, string reason)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync(FallsBack.Replace("fallback: plain, ", "", StringComparison.Ordinal));
        using var client = await sidecar.AskAsync(service.Port);
        using var first = await service.AcceptAsync();
        await MeetAsync(first, what);

        await RoutedSidecar.IsRejectedAsync(client);

        await sidecar.Running.EndsForAsync(reason);
        Assert.True(service.IsUntouched);
        Assert.Equal(0, await sidecar.DecisionsAsync("peer", "plain"));
        Assert.Empty(sidecar.Downgrades);
    }

    // It is a sidecar, and it has decided.
    [Theory]
    [InlineData("fail {id}\n", "peer_refused")]
    [InlineData("fail somebody-else\n", "handshake_failed")]
    [InlineData("ok somebody-else\n", "handshake_failed")]
    public async Task Sidecar_ThatDoesNotGrant_IsNotGoneAround(string answer, string reason)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync(FallsBack);
        using var client = await sidecar.AskAsync(service.Port);
        using var served = await service.AcceptAsync();
        await served.SendAsync(answer.Replace("{id}", (await served.ReadLineAsync()).Split(' ')[1], StringComparison.Ordinal));

        await RoutedSidecar.IsRejectedAsync(client);

        await sidecar.Running.EndsForAsync(reason);
        Assert.True(service.IsUntouched);
        Assert.Empty(sidecar.Downgrades);
    }

    [Fact]
    public async Task Sidecar_ThatGrants_IsNoReasonToFallBack()
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync(FallsBack);
        using var client = await sidecar.AskAsync(service.Port);
        using var served = await service.AcceptAsync();
        await RoutedSidecar.AcceptGreetingAsync(served);
        await RoutedSidecar.IsGrantedAsync(client);
        await RoutedSidecar.TalkAsync(client, served, b => (byte)~b);

        Assert.Equal("greeted", (await sidecar.EndAsync(client, served)).Text("session"));
        Assert.Empty(sidecar.Downgrades);
    }

    // An upstream that cannot be reached is not known to be no sidecar.
    [Fact]
    public async Task Destination_ThatRefuses_IsAFailedConnect()
    {
        using var destination = new RefusingPort();
        await using var sidecar = await RoutedSidecar.StartAsync(FallsBack);
        using var client = await sidecar.AskAsync(destination.Port);

        await RoutedSidecar.IsRejectedAsync(client);

        await sidecar.Running.EndsForAsync("connect_failed");
        Assert.Empty(sidecar.Downgrades);
    }

    // The plain bytes are for the destination, not for the sidecar that was to be greeted.
    [Fact]
    public async Task Stranger_AtTheAddressOfAPeer_GetsNoByteOfTheClient()
    {
        using var service = new LoopbackListener();
        using var stranger = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync(FallsBack.Replace("peer,", $"peer, peer: \"127.0.0.1:{stranger.Port}\",", StringComparison.Ordinal));
        using var client = await sidecar.AskAsync(service.Port);
        using var first = await stranger.AcceptAsync();
        await MeetAsync(first, "answers something else");

        using var served = await service.AcceptAsync();
        await RoutedSidecar.IsGrantedAsync(client);
        await RoutedSidecar.TalkAsync(client, served, b => b);
        await sidecar.EndAsync(client, served);
        Assert.True(stranger.IsUntouched);
        Assert.EndsWith($"the connection to 127.0.0.1:{service.Port} goes on as a plain one, because its route has fallback: plain ", Assert.Single(sidecar.Downgrades), StringComparison.Ordinal);
    }

    // The first connection must have given its place back.
    [Fact]
    public async Task Fallback_OfARouteWithOnePlace_FindsIt()
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RoutedSidecar.StartAsync(FallsBack.Replace("peer,", "peer, limits: {max-connections: 1},", StringComparison.Ordinal));
        using var client = await sidecar.AskAsync(service.Port);
        using var first = await service.AcceptAsync();
        await MeetAsync(first, "answers something else");
        using var served = await service.AcceptAsync();
        await RoutedSidecar.IsGrantedAsync(client);

        using var second = await sidecar.AskAsync(service.Port);
        await RoutedSidecar.IsRejectedAsync(second);
        Assert.Equal("upstream_limit", (await sidecar.Running.RecordAsync()).Reason);
    }

    [Fact]
    public async Task Fallback_ThatIsRefused_EndsAsAConnectDoes()
    {
        using var service = new FlappingServer();
        await using var sidecar = await RoutedSidecar.StartAsync(FallsBack, words: ["--connect-attempts", "1"]);
        using var client = await sidecar.AskAsync(service.Port);
        using var first = await service.AcceptAsync();
        var greeting = await first.ReadLineAsync();
        service.Refuse();
        first.Finish();

        await RoutedSidecar.IsRejectedAsync(client);

        Assert.StartsWith("bonjour ", greeting, StringComparison.Ordinal);
        Assert.Equal(("connect_failed", "plain"), ((await sidecar.Running.RecordAsync()).Reason, (await sidecar.Running.RecordAsync()).Text("session")));
        Assert.Single(sidecar.Downgrades);
    }

    [Fact]
    public async Task Fallback_AsksNoOracle()
    {
        using var service = new LoopbackListener();
        using var oracle = new PlayedOracle();
        await using var sidecar = await RoutedSidecar.StartAsync(FallsBack, $$"""oracle: {address: "127.0.0.1:{{oracle.Port}}"}""");
        using var client = await sidecar.AskAsync(service.Port);
        using var first = await service.AcceptAsync();
        await MeetAsync(first, "closes");
        using var served = await service.AcceptAsync();
        await RoutedSidecar.IsGrantedAsync(client);
        await RoutedSidecar.TalkAsync(client, served, b => b);
        await sidecar.EndAsync(client, served);

        Assert.True(await oracle.IsUntouchedAsync());
    }

    private static async Task MeetAsync(Socket served, string what)
    {
        Assert.StartsWith("bonjour ", await served.ReadLineAsync(), StringComparison.Ordinal);
        switch (what)
        {
            case "closes":
                served.Finish();
                break;
            case "answers half a line and closes":
                await served.SendAsync("ok ");
                served.Finish();
                break;
            case "answers something else":
                await served.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n");
                break;
            case "answers a long line":
                await served.SendAsync(new string('x', 200));
                break;
            case "resets":
                served.Reset();
                break;
        }
    }
}
