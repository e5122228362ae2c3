using Sidecar.Tests.EndToEnd.Faults;
using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Ends;

/// <summary>Connections that find no upstream.</summary>
internal static class UpstreamScenarios
{
    public static async Task NobodyListensAsync(string word)
    {
        using var destination = new RefusingPort();
        await using var sidecar = await RunningSidecar.AloneAsync(destination.Port);
        await IsRefusedAsync(sidecar, word);
    }

    public static async Task NobodyAcceptsAsync(string word)
    {
        await using var destination = await HangingPort.OpenAsync();
        await using var sidecar = await RunningSidecar.AloneAsync(
            destination.Port, "--connect-timeout", "200ms");
        await SocketTalk.IsRefusedAsync(sidecar.Port);
        // Its own filler is a socket of the same port.
        await destination.DisposeAsync();
        await sidecar.EndsForAsync(word);
    }

    public static async Task TheUpstreamHasItsConnectionsAsync(string word)
    {
        await using var talk = await Talk.OpenAsync("epoll", "--upstream-max-connections", "1");
        await SocketTalk.IsRefusedAsync(talk.Sidecar.Port);
        Assert.Equal(word, (await talk.Sidecar.RecordAsync()).Reason);
        Assert.Equal(1, (await talk.Sidecar.ScrapeAsync()).Sum("sidecar_connections_total", $"reason=\"{word}\""));
        talk.Client.Finish();
        talk.Served.Finish();
        await talk.Sidecar.RecordAsync(r => r.Reason == "completed");
        await talk.Sidecar.NoSocketIsOpenAsync();
    }

    public static async Task TheUpstreamIsEjectedAsync(string word)
    {
        using var destination = new RefusingPort();
        await using var sidecar = await RunningSidecar.AloneAsync(destination.Port, "--outlier-failures", "1");
        await SocketTalk.IsRefusedAsync(sidecar.Port);
        await sidecar.RecordAsync(r => r.Reason == "connect_failed");
        await SocketTalk.IsRefusedAsync(sidecar.Port);
        await sidecar.RecordAsync(r => r.Reason == word);
        Assert.Equal(1, (await sidecar.ScrapeAsync()).Sum("sidecar_connections_total", $"reason=\"{word}\""));
        await sidecar.NoSocketIsOpenAsync();
    }

    public static async Task NothingSaysWhereToAsync(string word)
    {
        await using var sidecar = await RunningSidecar.StartAsync("--listen", "127.0.0.1:0", "--mode", "transparent");
        await SocketTalk.IsRefusedAsync(sidecar.Port);
        // A kernel that tracks connections knows one for each, redirected or not: here the sidecar's own.
        Assert.SkipWhen((await sidecar.RecordAsync()).Reason == "self_call", "connections are tracked in this network namespace");
        await sidecar.EndsForAsync(word);
    }

    public static async Task AForeignDestinationIsAskedForAsync(string word)
    {
        await using var p2 = await RunningSidecar.StartAsync("--listen", "127.0.0.1:0", "--role", "p2");
        using var peer = await SocketTalk.ConnectAsync(p2.Port);
        // RFC 5737 section 3: an address of documentation, which nobody has.
        await peer.SendAsync("bonjour abc 203.0.113.7 80\n");
        Assert.Equal("fail abc\n", await peer.ReadUntilClosedAsync());
        await p2.EndsForAsync(word);
    }

    public static async Task TheSidecarItselfIsAskedForAsync(string word)
    {
        await using var p2 = await RunningSidecar.StartAsync("--listen", "127.0.0.1:0", "--role", "p2");
        using var peer = await SocketTalk.ConnectAsync(p2.Port);
        await peer.SendAsync($"bonjour abc 127.0.0.1 {p2.Port}\n");
        Assert.Equal("fail abc\n", await peer.ReadUntilClosedAsync());
        await p2.EndsForAsync(word);
    }

    private static async Task IsRefusedAsync(RunningSidecar sidecar, string word)
    {
        await SocketTalk.IsRefusedAsync(sidecar.Port);
        await sidecar.EndsForAsync(word);
    }
}
