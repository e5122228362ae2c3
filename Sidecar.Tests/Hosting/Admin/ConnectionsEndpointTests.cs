using System.Net;
using System.Text.Json;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Hosting.Admin;

public sealed class ConnectionsEndpointTests
{
    [Fact]
    public async Task Get_ALiveConnection_ShowsWhatIsKnownOfIt()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port, "--transform", "xor 42");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        await client.SendAsync("four");
        await served.ReadTextAsync(4);
        await served.SendAsync("answer");
        await client.ReadTextAsync(6);

        // Bytes are counted right behind the call that sends them.
        var shown = await sidecar.Admin.ConnectionInAsync("relaying");
        for (; Values(shown, Counters) != "4 6 6 4"; shown = await sidecar.Admin.ConnectionInAsync("relaying"))
            await Task.Delay(10, TestContext.Current.CancellationToken);

        Assert.Equal(
            $"alone alone {client.LocalEndPoint} 127.0.0.1:{upstream.Port} 127.0.0.1:{upstream.Port} (xor 42)",
            Values(shown, "listener role client destination upstream transform"));
        Assert.InRange(shown.GetProperty("age_ms").GetDouble(), 0.001, 60_000);

        client.Finish();
        Assert.Equal(shown.GetProperty("id").GetString(), (await sidecar.Admin.ConnectionInAsync("half_closed")).GetProperty("id").GetString());
        served.Finish();
        Assert.Empty(await client.ReadToEndAsync());
        Assert.Equal(shown.GetProperty("id").GetString(), (await sidecar.EndsForAsync("completed")).Id);
        Assert.Empty(await sidecar.Admin.ConnectionsAsync());
    }

    [Fact]
    public async Task Get_WithALimit_HasTheOldestAndTheirNumber()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port);
        using var first = await SocketTalk.ConnectAsync(sidecar.Port);
        using var _ = await upstream.AcceptAsync();
        using var second = await SocketTalk.ConnectAsync(sidecar.Port);
        using var __ = await upstream.AcceptAsync();

        using var response = await sidecar.Admin.SendAsync("GET", "/connections?limit=1");
        var shown = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;

        Assert.Equal($"{first.LocalEndPoint}", Assert.Single(shown.EnumerateArray()).GetProperty("client").GetString());
        Assert.Equal("2", Assert.Single(response.Headers.GetValues("X-Total-Count")));
    }

    [Fact]
    public async Task Delete_ARelayingConnection_ResetsBothSides()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        var id = (await sidecar.Admin.ConnectionInAsync("relaying")).GetProperty("id").GetString();

        Assert.Equal(HttpStatusCode.NoContent, await sidecar.Admin.StatusAsync("DELETE", $"/connections/{id}"));

        await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync());
        Assert.Equal(id, (await sidecar.EndsForAsync("admin_closed")).Id);
        Assert.Equal(HttpStatusCode.NotFound, await sidecar.Admin.StatusAsync("DELETE", $"/connections/{id}"));
    }

    [Fact]
    public async Task Delete_DuringThePeersHandshake_ResetsBothSides()
    {
        using var p2 = new LoopbackListener();
        await using var sidecar = await RunningSidecar.StartAsync("0", "127.0.0.1", $"{p2.Port}", "127.0.0.1", "p1", "--handshake-timeout", "1m");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var greeted = await p2.AcceptAsync();
        await greeted.ReadLineAsync();
        var id = (await sidecar.Admin.ConnectionInAsync("handshake")).GetProperty("id").GetString();

        Assert.Equal(HttpStatusCode.NoContent, await sidecar.Admin.StatusAsync("DELETE", $"/connections/{id}"));

        await Task.WhenAll(client.IsResetAsync(), greeted.IsResetAsync());
        await sidecar.EndsForAsync("admin_closed");
    }

    [Fact]
    public async Task Delete_WhileTheOracleIsSilent_ResetsTheClientAtOnceAndShowsItAsClosing()
    {
        using var upstream = new LoopbackListener();
        using var oracle = new PlayedOracle();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port, "--oracle", $"127.0.0.1:{oracle.Port}", "--handshake-timeout", "1m");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var asked = await oracle.AcceptAsync();
        var id = (await sidecar.Admin.ConnectionInAsync("handshake")).GetProperty("id").GetString();

        Assert.Equal(HttpStatusCode.NoContent, await sidecar.Admin.StatusAsync("DELETE", $"/connections/{id}"));

        await client.IsResetAsync();
        await sidecar.Admin.ConnectionInAsync("closing");
        await asked.SendAsync("ok idt\n");
        await sidecar.EndsForAsync("admin_closed");
    }

    [Fact]
    public async Task Delete_AnIdThatTwoBear_EndsBoth()
    {
        using var upstream = new LoopbackListener();
        using var folder = new TempFolder();
        using var elsewhere = new LoopbackListener();
        var config = folder.Write("pair.yaml", $$"""
            listeners:
              - {name: one, listen: "127.0.0.1:0", role: p2, target: "127.0.0.1:{{upstream.Port}}"}
              - {name: two, listen: "127.0.0.1:0", role: p2, target: "127.0.0.1:{{elsewhere.Port}}"}
            """);
        await using var sidecar = await RunningSidecar.StartAsync("--config", config);
        // A peer names connections as it likes: the same twice, and with characters that mean something in a path.
        using var first = await SocketTalk.ConnectAsync(sidecar.Ports[0]);
        using var second = await SocketTalk.ConnectAsync(sidecar.Ports[1]);
        await Task.WhenAll(first.SendAsync("bonjour a/b?%41\n"), second.SendAsync("bonjour a/b?%41\n"));
        Assert.Equal("ok a/b?%41", await first.ReadLineAsync());
        Assert.Equal("ok a/b?%41", await second.ReadLineAsync());

        Assert.Equal(HttpStatusCode.NoContent, await sidecar.Admin.StatusAsync("DELETE", $"/connections/{Uri.EscapeDataString("a/b?%41")}"));

        await Task.WhenAll(first.IsResetAsync(), second.IsResetAsync());
        await Eventually.TrueAsync(() => sidecar.Records.Count(r => r.Reason == "admin_closed" && r.Id == "a/b?%41") == 2);
    }

    [Theory]
    [InlineData("DELETE", "/connections/unknown", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/connections/not%20an%20id", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/connections", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/connections", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/connections/unknown", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/connections/unknown/tap", HttpStatusCode.NotFound)]
    [InlineData("POST", "/connections/unknown/tap", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/connections/unknown/tap", HttpStatusCode.NotFound)]
    [InlineData("GET", "/connections/unknown/tap?bytes=0", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/connections/unknown/tap?bytes=257", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/connections/unknown/tap?bytes=", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/connections/unknown/tap?seconds=601", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/drain", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/connections?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/connections?limit=10001", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/connections?limit=all", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/nowhere", HttpStatusCode.NotFound)]
    public async Task WrongRequests_GetTheirStatus(string method, string path, HttpStatusCode expected)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port);

        using var response = await sidecar.Admin.SendAsync(method, path);

        Assert.Equal(expected, response.StatusCode);
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json")
            Assert.DoesNotContain('\n', await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        else
            Assert.Contains(expected, new[] { HttpStatusCode.MethodNotAllowed, HttpStatusCode.NotFound });
    }

    [Theory]
    [InlineData("localhost:15000", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("[::1]:15000", HttpStatusCode.OK)]
    [InlineData("example.org:15000", HttpStatusCode.Forbidden)]
    [InlineData("localhost.example.org", HttpStatusCode.Forbidden)]
    public async Task Requests_ForAName_AreServedForLocalhostAlone(string host, HttpStatusCode status)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port);

        Assert.Equal(status, await sidecar.Admin.StatusAsync("GET", "/connections", host: host));
    }

    [Theory]
    [InlineData("GET", "/connections")]
    [InlineData("DELETE", "/connections/unknown")]
    [InlineData("GET", "/connections/unknown/tap")]
    [InlineData("POST", "/drain")]
    public async Task Requests_OfWebPages_AreNotServed(string method, string path)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port);

        Assert.Equal(HttpStatusCode.Forbidden, await sidecar.Admin.StatusAsync(method, path, origin: "https://example.org"));

        // It goes on to serve.
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
    }

    private const string Counters = "downstream_received downstream_sent upstream_received upstream_sent";

    private static string Values(JsonElement json, string names) => string.Join(' ', names.Split(' ').Select(name => json.GetProperty(name).ToString()));
}
