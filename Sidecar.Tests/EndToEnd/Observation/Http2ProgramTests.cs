using System.Text.RegularExpressions;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>HTTP/2 between programs that others wrote: what is recorded is what the server has logged, or the client has counted.</summary>
public sealed partial class Http2ProgramTests : IDisposable
{
    private readonly ExchangeRecords _records = new();

    public void Dispose() => _records.Dispose();

    [Theory]
    [MemberData(nameof(Watcher.All), MemberType = typeof(Watcher))]
    public async Task H2load_WithManyStreamsToNginx_LosesAndMixesNothing(string kind)
    {
        const int Count = 8000;
        const int Connections = 8;
        await using var nginx = await Programs.NginxAsync("http2");
        await using var watcher = await Watcher.StartAsync(kind, nginx.Port, _records);
        string[] paths = ["/a?n=1", "/empty", "/missing", "/b?n=22", "/moved", "/broken", "/c?n=333"];

        await Programs.RunAsync("h2load", "nghttp2-client", ["-n", $"{Count}", "-c", $"{Connections}", "-m", "50", .. paths.Select(path => $"http://127.0.0.1:{watcher.Port}{path}")]);

        var records = await _records.ReadAsync(Count);
        Assert.Equal(("completed", "HTTP/2"), Assert.Single(records.Select(r => (r.Outcome, r.Protocol)).Distinct()));
        Assert.Equal((await LogAsync(nginx, Count)).Order(), records.Select(InShort).Order());
        Assert.Equal(Connections, records.Select(r => r.Connection).Distinct().Count());
        var metrics = await watcher.ScrapeAsync();
        Assert.Equal(Count, metrics.Sum("http_server_request_duration_seconds_count", "network_protocol_version=\"2\""));
        Assert.Equal(0, metrics.Sum("sidecar_connections_unobservable_total"));
    }

    // Bodies both ways, and a server that answers before it has read them: nginx ends such a stream with RST_STREAM(NO_ERROR).
    [Theory]
    [InlineData("epoll", "/file/posted", "PUT")]
    [InlineData("epoll", "/a?n=1", "POST")]
    [InlineData("ebpf", "/file/posted", "PUT")]
    [InlineData("ebpf", "/a?n=1", "POST")]
    public async Task H2load_WithBodiesToNginx_IsRecordedAsLogged(string kind, string path, string method)
    {
        const int Count = 600;
        await using var nginx = await Programs.NginxAsync("http2");
        var body = nginx.FileOf("body");
        await File.WriteAllBytesAsync(body, new byte[50_000], TestContext.Current.CancellationToken);
        await using var watcher = await Watcher.StartAsync(kind, nginx.Port, _records);

        await Programs.RunAsync("h2load", "nghttp2-client", "-n", $"{Count}", "-c", "4", "-m", "10", "-d", body, "-H", $":method: {method}", $"http://127.0.0.1:{watcher.Port}{path}");

        var records = await _records.ReadAsync(Count);
        Assert.Equal((await LogAsync(nginx, Count)).Order(), records.Select(InShort).Order());
        Assert.Equal("completed", Assert.Single(records.Select(r => r.Outcome).Distinct()));
    }

    [Theory]
    [MemberData(nameof(Watcher.All), MemberType = typeof(Watcher))]
    public async Task H2load_WithNghttpd_IsRecordedAsItCounts(string kind)
    {
        const int Count = 6000;
        await using var nghttpd = await ServerProgram.StartAsync("nghttpd", "nghttp2-server", (port, folder) =>
        {
            folder.Write("small", "small");
            folder.Write("large", new byte[20_000]);
            return ["--no-tls", "-a", "127.0.0.1", "-d", folder.Root, $"{port}"];
        });
        await using var watcher = await Watcher.StartAsync(kind, nghttpd.Port, _records);

        var url = $"http://127.0.0.1:{watcher.Port}";

        var summary = await Programs.RunAsync("h2load", "nghttp2-client", "-n", $"{Count}", "-c", "6", "-m", "64", $"{url}/small", $"{url}/missing", $"{url}/large");

        var records = await _records.ReadAsync(Count);
        var counted = StatusCodes().Match(summary);
        Assert.True(counted.Success, summary);
        foreach (var hundreds in (int[])[2, 3, 4, 5])
            Assert.Equal(counted.Groups[$"s{hundreds}"].Value, $"{records.Count(r => r.Status / 100 == hundreds)}");
        Assert.DoesNotContain(records, r => r.Status != (r.Url == "/missing" ? 404 : 200));
        Assert.Equal("completed", Assert.Single(records.Select(r => r.Outcome).Distinct()));
        Assert.All(records.Where(r => r.Url == "/large"), r => Assert.InRange(r.ResponseBytes, 20_000, 21_000));
    }

    [Theory]
    [MemberData(nameof(Watcher.All), MemberType = typeof(Watcher))]
    public async Task Curl_WithBodiesBothWays_IsRecordedAsLogged(string kind)
    {
        await using var nginx = await Programs.NginxAsync("http2");
        var body = nginx.FileOf("body");
        await File.WriteAllBytesAsync(body, new byte[300_000], TestContext.Current.CancellationToken);
        await using var watcher = await Watcher.StartAsync(kind, nginx.Port, _records);
        var url = $"http://127.0.0.1:{watcher.Port}";

        // Some versions of curl fail when they use such a connection twice.
        string[][] runs =
        [
            [$"{url}/a"], [$"{url}/b?n=1"], [$"{url}/empty"], ["-I", $"{url}/head"], ["-T", body, $"{url}/file/1"], ["-o", "/dev/null", $"{url}/file/1"],
            ["-o", "/dev/null", "-r", "10-19", $"{url}/file/1"], ["-X", "PUT", "-d", "a=b", $"{url}/file/2"], [$"{url}/missing"],
        ];
        for (var i = 0; i < runs.Length; i++)
        {
            await Programs.RunAsync("curl", "curl", ["-sS", "--http2-prior-knowledge", .. runs[i]]);
            await _records.ReadAsync(i + 1);
        }

        var records = _records.Read();
        Assert.Equal(await LogAsync(nginx, runs.Length), records.Select(InShort));
        Assert.Equal(("completed", "HTTP/2"), Assert.Single(records.Select(r => (r.Outcome, r.Protocol)).Distinct()));
        Assert.InRange(records[4].RequestBytes, 300_000, 302_000);
        Assert.InRange(records[5].ResponseBytes, 300_000, 302_000);
    }

    // Of the proxies of Debian, nghttpx knows HTTP/2 by Upgrade. It speaks HTTP/1.1 to nginx.
    [Theory]
    [MemberData(nameof(Watcher.All), MemberType = typeof(Watcher))]
    public async Task CurlAndNghttp_ThatUpgrade_AreRecordedAsLogged(string kind)
    {
        await using var nginx = await Programs.NginxAsync();
        await using var nghttpx = await ServerProgram.StartAsync("nghttpx", "nghttp2-proxy", (port, _) =>
            ["--conf=/dev/null", $"--frontend=127.0.0.1,{port};no-tls", $"--backend=127.0.0.1,{nginx.Port}", "--workers=1", "--errorlog-file=/dev/stderr"]);
        await using var watcher = await Watcher.StartAsync(kind, nghttpx.Port, _records);
        var url = $"http://127.0.0.1:{watcher.Port}";

        await Programs.RunAsync("curl", "curl", "-sS", "--http2", $"{url}/a?n=1", $"{url}/missing", $"{url}/empty", "--next", "-sS", "--http2", "-X", "DELETE", $"{url}/b?n=2");
        await Programs.RunAsync("nghttp", "nghttp2-client", "-n", "-u", $"{url}/c?n=3", $"{url}/moved", $"{url}/broken");

        var records = await _records.ReadAsync(7);
        Assert.Equal((await LogAsync(nginx, 7)).Order(), records.Select(InShort).Order());
        Assert.Equal("completed", Assert.Single(records.Select(r => r.Outcome).Distinct()));
        Assert.Equal(2, records.Select(r => r.Connection).Distinct().Count());
        // The request that asks to switch is HTTP/1.1 still.
        Assert.Equal(["/a?n=1", "/c?n=3"], records.Where(r => r.Protocol == "HTTP/1.1").Select(r => r.Url));
        Assert.Equal(5, records.Count(r => r.Protocol == "HTTP/2"));
        Assert.Equal(0, (await watcher.ScrapeAsync()).Sum("sidecar_connections_unobservable_total"));
    }

    private static string InShort(RecordedExchange record) => $"{record.Method} {record.Url} {record.Status}";

    // nginx writes a line when it has sent the response.
    private static async Task<IReadOnlyList<string>> LogAsync(ServerProgram nginx, int count)
    {
        IReadOnlyList<string> log = [];
        await Eventually.TrueAsync(() => (log = Programs.LogOf(nginx)).Count >= count, () => $"{count} lines are expected of nginx, not {log.Count}");
        return [.. log.Select(line => string.Join(' ', line.Split(' ')[..3]))];
    }

    [GeneratedRegex("status codes: (?<s2>[0-9]+) 2xx, (?<s3>[0-9]+) 3xx, (?<s4>[0-9]+) 4xx, (?<s5>[0-9]+) 5xx", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StatusCodes();
}
