using System.Text.Json;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Hosting.Admin;

public sealed class ConfigEndpointTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Get_ShowsWhatIsSetWithItsOriginAndNoKeys()
    {
        var key = string.Concat(Enumerable.Repeat("5ec4e7", 10)) + "5ec4";
        var file = _folder.Write("sidecar.yaml", $$"""
            transforms:
              scramble: (keystream chacha20 "{{key}}" "000000000000004a00000000")
              weak: (xor-key "5ec4")
            listeners:
              - {name: a, listen: "127.0.0.1:0", target: "127.0.0.1:9", transform: scramble}
            """);
        await using var sidecar = await RunningSidecar.StartAsync("--config", file);

        var (text, config) = await GetAsync(sidecar);

        Assert.DoesNotContain("5ec4", text, StringComparison.Ordinal);
        Assert.Equal((1, file), (config.GetProperty("generation").GetInt32(), config.GetProperty("file").GetString()));
        Assert.Equal(("(keystream chacha20 … …)", $"{file}:2: transforms.scramble"), Setting(config, "transforms.scramble"));
        Assert.Equal(("127.0.0.1:9", $"{file}:5: listeners.0.target"), Setting(config, "listeners.0.target"));
        Assert.Equal(("100ms", "--drain"), Setting(config, "drain"));
        Assert.Equal(("250ms", "default"), Setting(config, "upstream.attempt-delay"));
        Assert.True(config.GetProperty("since").GetDateTimeOffset() <= DateTimeOffset.UtcNow);
        Assert.False(config.TryGetProperty("need_restart", out _) || config.TryGetProperty("refused", out _));
    }

    [Fact]
    public async Task Get_AfterReloads_ShowsWhatIsInForceWhatWaitsAndWhatWasRefused()
    {
        var file = _folder.Write("sidecar.yaml", "listeners: [{name: a, listen: \"127.0.0.1:0\", target: \"127.0.0.1:9\"}]\n");
        await using var sidecar = await RunningSidecar.StartAsync("--config", file);
        _folder.Write("sidecar.yaml", "listeners: [{name: a, listen: \"127.0.0.1:0\", target: \"127.0.0.1:10\"}]\nloops: 3\n");
        Assert.True(await sidecar.ReloadAsync());
        _folder.Write("sidecar.yaml", "listeners: [{name: a, listen: \"127.0.0.1:0\", target: nowhere}]\ndrian: 1s\n");
        Assert.False(await sidecar.ReloadAsync());

        var (_, config) = await GetAsync(sidecar);

        Assert.InRange(config.GetProperty("generation").GetInt32(), 2, 3);
        Assert.Equal("127.0.0.1:10", Setting(config, "listeners.0.target").Value);
        Assert.Equal("loops", Assert.Single(config.GetProperty("need_restart").EnumerateArray()).GetString());
        Assert.Equal(
            [$"{file}:1: listeners.0.target 'nowhere': host:port is expected, an IPv6 address in brackets", $"{file}:2: drian: unknown key; the nearest known one is drain"],
            config.GetProperty("refused").GetProperty("errors").EnumerateArray().Select(e => e.GetString()));
        _folder.Write("sidecar.yaml", "listeners: [{name: a, listen: \"127.0.0.1:0\", target: \"127.0.0.1:9\"}]\n");
        Assert.True(await sidecar.ReloadAsync());
        Assert.False((await GetAsync(sidecar)).Config.TryGetProperty("refused", out _));
        sidecar.TakeErrors();
    }

    private static async Task<(string Text, JsonElement Config)> GetAsync(RunningSidecar sidecar)
    {
        using var response = await sidecar.Admin.SendAsync("GET", "/config");
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (text, JsonDocument.Parse(text).RootElement);
    }

    private static (string? Value, string? Origin) Setting(JsonElement config, string key)
    {
        var setting = config.GetProperty("settings").EnumerateArray().Single(s => s.GetProperty("key").GetString() == key);
        return (setting.GetProperty("value").GetString(), setting.GetProperty("origin").GetString());
    }
}
