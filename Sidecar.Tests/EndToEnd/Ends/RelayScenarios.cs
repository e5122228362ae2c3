using System.Net;
using Sidecar.Tests.EndToEnd.Faults;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Ends;

/// <summary>Connections that end in the middle of a relay.</summary>
internal static class RelayScenarios
{
    public static async Task BothEndsFinishAsync(string word)
    {
        await using var talk = await Talk.OpenAsync("epoll");
        talk.Client.Finish();
        talk.Served.Finish();
        Assert.Empty(await talk.Client.ReadToEndAsync());
        await talk.Sidecar.EndsForAsync(word);
    }

    public static async Task OneEndResetsAsync(string word, bool client)
    {
        await using var talk = await Talk.OpenAsync("epoll");
        var (that, other) = talk.Ends(client);
        that.Reset();
        await other.IsResetAsync();
        await talk.Sidecar.EndsForAsync(word);
    }

    public static async Task BothEndsAreSilentAsync(string word)
    {
        await using var talk = await Talk.OpenAsync("epoll", "--idle-timeout", "2s");
        await Task.WhenAll(talk.Client.IsResetAsync(), talk.Served.IsResetAsync());
        await talk.Sidecar.EndsForAsync(word);
    }

    public static async Task OneEndIsSilentWhenTheOtherHasFinishedAsync(string word)
    {
        await using var talk = await Talk.OpenAsync("epoll", "--half-closed-timeout", "100ms");
        talk.Served.Finish();
        Assert.Empty(await talk.Client.ReadToEndAsync());
        await talk.Served.IsResetAsync();
        await talk.Sidecar.EndsForAsync(word);
    }

    public static async Task AnOperatorClosesAsync(string word)
    {
        await using var talk = await Talk.OpenAsync("epoll");
        var id = Assert.Single(await talk.Sidecar.Admin.ConnectionsAsync()).GetProperty("id").GetString();
        Assert.Equal(HttpStatusCode.NoContent, await talk.Sidecar.Admin.StatusAsync("DELETE", $"/connections/{id}"));
        await Task.WhenAll(talk.Client.IsResetAsync(), talk.Served.IsResetAsync());
        await talk.Sidecar.EndsForAsync(word);
    }

    public static async Task TheProcessDrainsAsync(string word)
    {
        await using var talk = await Talk.OpenAsync("epoll");
        Assert.Equal(HttpStatusCode.Accepted, await talk.Sidecar.Admin.StatusAsync("POST", "/drain"));
        await Task.WhenAll(talk.Client.IsResetAsync(), talk.Served.IsResetAsync());
        await talk.Sidecar.EndsForAsync(word);
    }

    public static async Task OneIsTooManyAsync(string word)
    {
        await using var talk = await Talk.OpenAsync("epoll", "--max-connections", "1");
        await SocketTalk.IsRefusedAsync(talk.Sidecar.Port);
        Assert.Equal(word, (await talk.Sidecar.RecordAsync()).Reason);
        var metrics = await talk.Sidecar.ScrapeAsync();
        Assert.Equal(1, metrics.Sum("sidecar_connections_total", $"reason=\"{word}\""));
        Assert.Equal(1, metrics.Sum("sidecar_connections_active"));
        talk.Client.Finish();
        talk.Served.Finish();
        await talk.Sidecar.RecordAsync(r => r.Reason == "completed");
        await talk.Sidecar.NoSocketIsOpenAsync();
    }
}
