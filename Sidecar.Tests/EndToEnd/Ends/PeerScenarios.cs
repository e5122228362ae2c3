using System.Net.Sockets;
using Sidecar.Tests.EndToEnd.BadPeers;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Ends;

/// <summary>Connections that the other sidecar or the Oracle brings to an end.</summary>
internal static class PeerScenarios
{
    public static Task TheGreetingIsCutShortAsync(string word) => GreetP2Async(word, "bonjour a", finish: true);

    public static Task TheGreetingDoesNotComeAsync(string word) => GreetP2Async(word, "", finish: false, "--handshake-timeout", "200ms");

    public static Task TheGreetingIsNoneAsync(string word) => GreetP2Async(word, "GET / HTTP/1.1\r\n", finish: false);

    public static async Task TheGreetingComesTooLateAsync(string word)
    {
        using var service = new LoopbackListener();
        await using var p2 = await RunningSidecar.StartAsync(
            "0", "127.0.0.1", $"{service.Port}", "127.0.0.1", "p2", "--peers", "permissive", "--peek-timeout", "1ms");
        using var peer = await SocketTalk.ConnectAsync(p2.Port);
        // The sidecar has connected, so it took the silent client for a plain one.
        using var served = await service.AcceptAsync();
        await peer.SendAsync("bonjour a\n");
        await peer.IsResetAsync();
        Assert.Equal("", await served.ReadUntilClosedAsync());
        await p2.EndsForAsync(word);
    }

    public static async Task P2AnswersFailAsync(string word)
    {
        using var p2 = new LoopbackListener();
        await using var sidecar = await RunningSidecar.StartAsync("0", "127.0.0.1", $"{p2.Port}", "127.0.0.1", "p1");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var peer = await p2.AcceptAsync();
        await peer.SendAsync($"fail {(await peer.ReadLineAsync()).Split(' ')[1]}\n");
        Assert.Equal("", await client.ReadUntilClosedAsync());
        await sidecar.EndsForAsync(word);
    }

    public static async Task TheOracleDeniesAsync(string word)
    {
        await using var oracle = await RunningOracle.StartAsync("deny");
        await using var way = await OracleWay.OpenAsync("p2", oracle.Port, "20s");
        await way.EndsForAsync(word);
    }

    public static async Task TheOracleIsDownAsync(string word)
    {
        using var oracle = new RefusingPort();
        await using var way = await OracleWay.OpenAsync("p2", oracle.Port, "20s");
        await way.EndsForAsync(word);
    }

    public static async Task TheOracleIsSilentAsync(string word)
    {
        using var oracle = new PlayedOracle();
        await using var way = await OracleWay.OpenAsync("p2", oracle.Port, "2s");
        using var asked = await oracle.AcceptAsync();
        await way.EndsForAsync(word);
    }

    public static async Task OneClientHasAllOfItsPlacesAsync(string word)
    {
        using var service = new LoopbackListener();
        await using var p2 = await RunningSidecar.StartAsync(
            "0", "127.0.0.1", $"{service.Port}", "127.0.0.1", "p2", "--accept-proxy", "on", "--max-client-connections", "1");
        using var first = await GreetAsAsync("192.0.2.1", p2.Port);
        Assert.Equal("ok a", await first.ReadLineAsync());
        using var served = await service.AcceptAsync();

        using var second = await GreetAsAsync("192.0.2.1", p2.Port);
        await second.IsResetAsync();
        using var other = await GreetAsAsync("192.0.2.2", p2.Port);
        Assert.Equal("ok a", await other.ReadLineAsync());

        Assert.Equal(("192.0.2.1:4000", word), ((await p2.RecordAsync()).Text("client"), (await p2.RecordAsync()).Reason));
        Assert.Equal(1, (await p2.ScrapeAsync()).Sum("sidecar_connections_total", $"reason=\"{word}\""));
    }

    private static async Task<Socket> GreetAsAsync(string client, int port)
    {
        var peer = await SocketTalk.ConnectAsync(port);
        await peer.SendAsync($"PROXY TCP4 {client} 192.0.2.9 4000 80\r\nbonjour a\n");
        return peer;
    }

    private static async Task GreetP2Async(string word, string said, bool finish, params IEnumerable<string> options)
    {
        using var service = new LoopbackListener();
        await using var p2 = await RunningSidecar.StartAsync(["0", "127.0.0.1", $"{service.Port}", "127.0.0.1", "p2", .. options]);
        using var peer = await SocketTalk.ConnectAsync(p2.Port);
        await peer.SendAsync(said);
        if (finish)
            peer.Finish();
        Assert.Equal("", await peer.ReadUntilClosedAsync());
        await p2.EndsForAsync(word);
        Assert.True(service.IsUntouched);
    }
}
