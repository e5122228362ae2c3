using System.Text.Json;
using Processes;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>Sidecars that are killed while the server for their records is away.</summary>
public sealed class RecordSpoolTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Kill_WhileTheServerIsAway_LosesNoRecordOfTheSpool()
    {
        using var port = new ReservedPort();
        await using var nginx = await Programs.NginxAsync();
        var config = Config(nginx, port);
        foreach (var (from, to) in new[] { (1, 2000), (2001, 3000) })
        {
            await using var killed = await StartedSidecar.StartAsync(nginx.Port, "--config", config);
            await Programs.RunAsync("curl", "curl", "-sS", $"http://127.0.0.1:{killed.Port}/a?n=[{from}-{to}]");
            await Eventually.TrueAsync(async () => (await OutputAsync(killed)).GetProperty("spooled").GetInt32() == to);
            Assert.Equal((0, 0), (await OutputAsync(killed) is var output ? output.GetProperty("sent").GetInt32() : -1, output.GetProperty("dropped").GetInt32()));
            killed.Signal(ProcessSignal.Kill);
        }

        await using var server = await BulkServer.StartAsync(port.Number);
        await using var sidecar = await StartedSidecar.StartAsync(nginx.Port, "--config", config);
        await Eventually.TrueAsync(async () => (await OutputAsync(sidecar)).GetProperty("sent").GetInt32() == 3000);

        Assert.Equal(Enumerable.Range(1, 3000), server.Bodies.SelectMany(Numbers));
        Assert.Equal(3000, server.Documents.Count);
        Assert.Empty(server.Mistakes.Concat(server.Refusals));
        var page = (await sidecar.GetAsync("metrics", "/metrics")).Body;
        Assert.Contains("sidecar_records_in_spool{sink=\"exchanges\",entry=\"elasticsearch\"} 0", page, StringComparison.Ordinal);
        Assert.Contains("sidecar_records_spooled_bytes{sink=\"exchanges\",entry=\"elasticsearch\"} 0", page, StringComparison.Ordinal);
        Assert.Contains("sidecar_records_dropped_total{sink=\"exchanges\",entry=\"elasticsearch\",reason=\"spool_full\"} 0", page, StringComparison.Ordinal);
        Assert.Contains("sidecar_records_dropped_total{sink=\"exchanges\",entry=\"elasticsearch\",reason=\"spool_damaged\"} 0", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kill_WhileRecordsAreWritten_LeavesNoneTwiceAndNoPartOfOne()
    {
        using var port = new ReservedPort();
        await using var nginx = await Programs.NginxAsync();
        var config = Config(nginx, port);
        var spooled = 0;
        for (var round = 0; round < 3; round++)
        {
            await using var killed = await StartedSidecar.StartAsync(nginx.Port, "--config", config);
            await using var load = ProgramProcess.StartCommand("curl", "-sS", "-o", "/dev/null", $"http://127.0.0.1:{killed.Port}/a?n=[{(round * 100_000) + 1}-{(round + 1) * 100_000}]");
            var before = spooled;
            // In the middle of it.
            await Eventually.TrueAsync(async () => (spooled = (await OutputAsync(killed)).GetProperty("spooled").GetInt32()) > before + 500);
            killed.Signal(ProcessSignal.Kill);
        }

        await using var server = await BulkServer.StartAsync(port.Number);
        await using var sidecar = await StartedSidecar.StartAsync(nginx.Port, "--config", config);
        await Eventually.TrueAsync(async () => await OutputAsync(sidecar) is var output && output.GetProperty("spooled").GetInt32() == 0 && output.GetProperty("sent").GetInt32() >= spooled);

        var numbers = server.Bodies.SelectMany(Numbers).ToList();
        // From each round the first ones, in order.
        Assert.All(numbers.GroupBy(number => (number - 1) / 100_000), round => Assert.Equal(Enumerable.Range((round.Key * 100_000) + 1, round.Count()), round));
        Assert.Equal(numbers.Count, server.Documents.Count);
        Assert.Empty(server.Mistakes.Concat(server.Refusals));
    }

    [Fact]
    public async Task Folder_OfARunningSidecar_EndsTheNextOneWithOneLine()
    {
        using var port = new ReservedPort();
        await using var nginx = await Programs.NginxAsync();
        var config = Config(nginx, port);
        await using var first = await StartedSidecar.StartAsync(nginx.Port, "--config", config);

        var (code, _, errors) = await ProgramProcess.RunAsync(
            "Sidecar", "--listen", "127.0.0.1:0", "--target", $"127.0.0.1:{nginx.Port}", "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0", "--config", config);

        Assert.Equal(2, code);
        Assert.EndsWith($" '{_folder.File("spool")}': another process uses it; give each sidecar a folder of its own", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task End_WhileTheServerIsAway_KeepsAllForTheNextStart()
    {
        using var port = new ReservedPort();
        await using var nginx = await Programs.NginxAsync();
        var config = Config(nginx, port);
        await using (var first = await StartedSidecar.StartAsync(nginx.Port, "--config", config))
        {
            await Programs.RunAsync("curl", "curl", "-sS", $"http://127.0.0.1:{first.Port}/a?n=[1-500]");
            first.Signal(ProcessSignal.Terminate);
            Assert.Equal(0, await first.ExitCodeAsync());
        }

        await using var server = await BulkServer.StartAsync(port.Number);
        await using var second = await StartedSidecar.StartAsync(nginx.Port, "--config", config);
        await Eventually.TrueAsync(() => server.Documents.Count == 500);
        Assert.Equal(Enumerable.Range(1, 500), server.Bodies.SelectMany(Numbers));
    }

    private static async Task<JsonElement> OutputAsync(StartedSidecar sidecar) =>
        Assert.Single(JsonDocument.Parse((await sidecar.GetAsync("admin", "/outputs")).Body).RootElement.EnumerateArray());

    private static IEnumerable<int> Numbers(string body) => body.TrimEnd('\n').Split('\n').Where((_, i) => i % 2 == 1)
        .Select(line => int.Parse(JsonDocument.Parse(line).RootElement.GetProperty("url").GetProperty("query").GetString()!["n=".Length..]));

    private string Config(ServerProgram nginx, ReservedPort port) => _folder.Write("sidecar.yaml", $$"""
        listeners: [{listen: '127.0.0.1:0', target: '127.0.0.1:{{nginx.Port}}', observe: on}]
        records:
          - {format: ecs, output: elasticsearch, url: '{{port.Url}}', index: sidecar, spool: '{{_folder.File("spool")}}', spool-size: 16MB, connection-rate: off, client-rate: off}
        """);
}
