using Processes;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd;

public sealed class KeysAreShownNowhereTests : IDisposable
{
    private const string Nonce = "cdcdcdcdcdcdcdcdcdcdcdcd";

    // sha256 of 32 bytes 0xab, its first 8.
    private const string Shown = $"(keystream chacha20 sha256:9a2db2e23f1504cd \"{Nonce}\")";

    private static readonly string Key = string.Concat(Enumerable.Repeat("ab", 32));

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task KeyInAFile_IsInNoOutputAndNoArgument()
    {
        await using var echo = new EchoServer();
        await File.WriteAllTextAsync(_folder.File("key"), $"(keystream chacha20 \"{Key}\" \"{Nonce}\")\n", TestContext.Current.CancellationToken);
        var exchanges = _folder.File("exchanges");
        await using var sidecar = await StartedSidecar.StartAsync(echo.Port, "--transform", $"@{_folder.File("key")}", "--log-level", "debug", "--records", exchanges, "--observe", "on");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        var admin = await sidecar.AdminAsync();
        var id = (await admin.ConnectionInAsync("relaying")).GetProperty("id").GetString();
        var outputs = new List<string>
        {
            (await sidecar.GetAsync("admin", "/listeners")).Body,
            (await sidecar.GetAsync("admin", "/connections")).Body,
            (await sidecar.GetAsync("admin", $"/connections/{id}/tap?seconds=1")).Body,
        };
        Assert.All(outputs, output => Assert.Contains(Shown, output.Replace("\\u0022", "\"", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal), StringComparison.Ordinal));
        outputs.Add((await sidecar.GetAsync("metrics", "/metrics")).Body);
        outputs.Add((await sidecar.GetAsync("admin", "/config")).Body);
        client.Dispose();
        await Eventually.TrueAsync(() => sidecar.Records().Count == 1);
        outputs.AddRange(sidecar.Records().Select(record => record.ToString()));
        outputs.Add(await File.ReadAllTextAsync($"/proc/{sidecar.Id}/cmdline", TestContext.Current.CancellationToken));
        await sidecar.StopAsync(ProcessSignal.Terminate);
        outputs.AddRange(sidecar.Log);
        outputs.Add(await File.ReadAllTextAsync(exchanges, TestContext.Current.CancellationToken));

        Assert.All(outputs, output => Assert.DoesNotContain(Key[..16], output, StringComparison.OrdinalIgnoreCase));
        Assert.Equal(Shown, sidecar.Records()[0].Text("transform"));
    }

    [Fact]
    public async Task Explain_OfAKeyInAFile_ShowsItsFingerprint()
    {
        await File.WriteAllTextAsync(_folder.File("key"), $"(keystream chacha20 \"{Key}\" \"{Nonce}\")\n", TestContext.Current.CancellationToken);

        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "transform", "--explain", $"@{_folder.File("key")}");

        Assert.Equal((0, 0), (code, errors.Count));
        Assert.Contains(output, line => line.EndsWith(Shown, StringComparison.Ordinal));
        Assert.All(output, line => Assert.DoesNotContain(Key[..16], line, StringComparison.Ordinal));
    }
}
