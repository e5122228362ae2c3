using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>HTTP/1 between programs that others wrote: what is recorded is what nginx has logged.</summary>
public sealed class Http1ProgramTests : IDisposable
{
    private readonly ExchangeRecords _records = new();

    public void Dispose() => _records.Dispose();

    [Theory]
    [MemberData(nameof(Watcher.All), MemberType = typeof(Watcher))]
    public async Task Curl_WithNginx_IsRecordedAsLoggedInOrderAndLength(string kind)
    {
        await using var nginx = await Programs.NginxAsync();
        var body = nginx.FileOf("body");
        await File.WriteAllBytesAsync(body, new byte[300_000], TestContext.Current.CancellationToken);
        File.Copy(body, nginx.FileOf("compressed"));
        await using var watcher = await Watcher.StartAsync(kind, nginx.Port, _records);
        var url = $"http://127.0.0.1:{watcher.Port}";

        // One connection for all but the last, which has to close.
        string[] next = ["--next", "-sS"];
        await Programs.RunAsync("curl", "curl", [
            "-sS", $"{url}/a", $"{url}/b?n=1", $"{url}/empty", $"{url}/moved",
            .. next, "-I", $"{url}/head", .. next, $"{url}/missing", $"{url}/broken",
            .. next, "-T", body, $"{url}/file/1", .. next, "-o", "/dev/null", $"{url}/file/1",
            .. next, "--compressed", "-o", "/dev/null", $"{url}/compressed",
            .. next, "-o", "/dev/null", "-r", "10-19", $"{url}/file/1",
            .. next, "-X", "MKCOL", $"{url}/file/x", .. next, "-X", "NONSENSE", $"{url}/",
            .. next, "-X", "PUT", "-d", "a=b", $"{url}/file/2", .. next, "--http1.0", $"{url}/old"]);

        var records = await _records.ReadAsync(15);
        Assert.Equal(Programs.LogOf(nginx), records.Select(r => $"{r.Method} {r.Url} {r.Status} {r.RequestBytes} {r.ResponseBytes}"));
        Assert.All(records, r => Assert.Equal("completed", r.Outcome));
        Assert.Equal("HTTP/1.0", records[^1].Protocol);
        var metrics = await watcher.ScrapeAsync();
        Assert.Equal(15, metrics.Sum("http_server_request_duration_seconds_count"));
        Assert.Equal(2, metrics.Sum("http_server_request_duration_seconds_count", "http_request_method=\"_OTHER\""));
        Assert.Equal(0, metrics.Sum("sidecar_connections_unobservable_total"));
    }

    [Theory]
    [MemberData(nameof(Watcher.All), MemberType = typeof(Watcher))]
    public async Task Curl_UploadingInChunksBehindContinue_IsRecorded(string kind)
    {
        await using var nginx = await Programs.NginxAsync();
        var body = nginx.FileOf("body");
        await File.WriteAllBytesAsync(body, new byte[300_000], TestContext.Current.CancellationToken);
        await using var watcher = await Watcher.StartAsync(kind, nginx.Port, _records);
        var url = $"http://127.0.0.1:{watcher.Port}/file/chunked";

        await Programs.RunAsync("curl", "curl", "-sS", "-T", body, "-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue", url, "--next", "-sS", "-o", "/dev/null", url);

        var records = await _records.ReadAsync(2);
        Assert.Equal(["PUT /file/chunked 201 completed", "GET /file/chunked 200 completed"], records.Select(r => r.ToString()));
        Assert.InRange(records[0].RequestBytes, 300_000, 302_000);
    }

    // In h2load's HTTP/1 the streams of a connection are pipelined requests.
    [Theory]
    [MemberData(nameof(Watcher.All), MemberType = typeof(Watcher))]
    public async Task H2load_PipeliningToNginx_LosesAndMixesNothing(string kind)
    {
        const int Count = 6000;
        await using var nginx = await Programs.NginxAsync();
        await using var watcher = await Watcher.StartAsync(kind, nginx.Port, _records);
        string[] paths = ["/a?n=1", "/empty", "/missing", "/b?n=22", "/moved", "/c?n=333"];

        await Programs.RunAsync("h2load", "nghttp2-client", ["--h1", "-n", $"{Count}", "-c", "10", "-m", "8", .. paths.Select(path => $"http://127.0.0.1:{watcher.Port}{path}")]);

        var records = await _records.ReadAsync(Count);
        Assert.All(records, r => Assert.Equal("completed", r.Outcome));
        Assert.Equal(Programs.LogOf(nginx).Order(), records.Select(r => $"{r.Method} {r.Url} {r.Status} {r.RequestBytes} {r.ResponseBytes}").Order());
        Assert.Equal(10, records.Select(r => r.Connection).Distinct().Count());
        // Each connection goes around all paths: what comes out of that order was paired wrongly.
        foreach (var connection in records.GroupBy(r => r.Connection))
        {
            var urls = connection.Select(r => r.Url).ToList();
            Assert.Equal(Enumerable.Range(Array.IndexOf(paths, urls[0]), urls.Count).Select(i => paths[i % paths.Length]), urls);
        }
    }

    [Theory]
    [MemberData(nameof(Watcher.All), MemberType = typeof(Watcher))]
    public async Task Wrk_UntilItsTimeIsOver_HasEveryRequestRecorded(string kind)
    {
        await using var nginx = await Programs.NginxAsync();
        await using var watcher = await Watcher.StartAsync(kind, nginx.Port, _records);
        var script = nginx.FileOf("numbered.lua");
        await File.WriteAllTextAsync(script, """
            n = 0
            request = function()
              n = n + 1
              return wrk.format("GET", "/?n=" .. n)
            end
            """, TestContext.Current.CancellationToken);

        await Programs.RunAsync("wrk", "wrk", "-t", "1", "-c", "16", "-d", "2s", "-s", script, $"http://127.0.0.1:{watcher.Port}");
        await watcher.AllHaveEndedAsync();
        Assert.Equal(0, (await watcher.ScrapeAsync()).Sum("sidecar_records_dropped_total"));

        // Each exchange is counted when it is recorded, and written a little later.
        var records = await _records.ReadAsync((int)(await watcher.ScrapeAsync()).Sum("http_server_request_duration_seconds_count"));
        var log = Programs.LogOf(nginx);
        Assert.InRange(records.Count, 1000, int.MaxValue);
        Assert.Distinct(records.Select(r => r.Url));
        // What was under way when wrk left may have reached nginx or not.
        var open = records.Where(r => r.Outcome != "completed").Select(r => r.Url).ToHashSet();
        Assert.InRange(open.Count, 0, 16);
        Assert.Equal(log.Select(line => line.Split(' ')[1]).Except(open).Order(), records.Select(r => r.Url).Except(open).Order());
        Assert.All(records.Where(r => !open.Contains(r.Url)), r => Assert.Equal(200, r.Status));
    }
}
