using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Demo.Verification;
using Processes;
using Xunit;

namespace Testing;

/// <summary>A real Prometheus server that scrapes some targets each second. It has a folder of its own, which is removed with it.</summary>
internal sealed partial class PrometheusServer : IAsyncDisposable
{
    private const string Program = "/usr/bin/prometheus";
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ResultLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly DirectoryInfo _folder;
    private readonly ManagedProcess _process;

    private PrometheusServer(Uri url, DirectoryInfo folder, ManagedProcess process)
    {
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10) };
        (_folder, _process) = (folder, process);
    }

    /// <summary>Starts the server and waits until it answers queries; skips the test if the program is missing.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="targets">The job's name and the address of each target's <c>/metrics</c>.</param>
    public static async Task<PrometheusServer> StartAsync(CancellationToken cancellation, params IEnumerable<(string Job, IPEndPoint Address)> targets)
    {
        if (!File.Exists(Program))
            Assert.Skip($"{Program} is missing (Debian package prometheus)");
        var folder = Directory.CreateTempSubdirectory("prometheus-");
        var config = Path.Combine(folder.FullName, "prometheus.yml");
        await File.WriteAllTextAsync(config, Config(targets), cancellation);
        // Port 0, and the real port from the server's log: a port chosen before could be in use by then.
        var process = ManagedProcess.Start(new ProcessCommand("prometheus", Program,
            $"--config.file={config}", $"--storage.tsdb.path={folder.FullName}/data", "--web.listen-address=127.0.0.1:0"));
        try
        {
            string? address = null;
            await process.WaitUntilReadyAsync(_ => Task.FromResult((address = ListeningOn(process)) is not null), ReadyLimit, cancellation);
            var url = new Uri($"http://{address}");
            using var web = new HttpFetcher();
            await process.WaitUntilReadyAsync(stop => web.IsOkAsync(new Uri(url, "/-/ready"), stop), ReadyLimit, cancellation);
            return new PrometheusServer(url, folder, process);
        }
        catch
        {
            await EndAsync(process, folder);
            throw;
        }
    }

    /// <summary>The result of an instant query: the labels of each sample as the server renders them, and its value.</summary>
    public async Task<IReadOnlyList<PrometheusSample>> QueryAsync(string promql, CancellationToken cancellation)
    {
        using var response = await _http.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(promql)}", cancellation);
        var text = await response.Content.ReadAsStringAsync(cancellation);
        Assert.True(response.IsSuccessStatusCode, $"{promql}: {text}");
        using var json = JsonDocument.Parse(text);
        return [.. json.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(Read)];
    }

    /// <summary>Asks until the query's only sample has the value, because the next scrape may take up to a second.</summary>
    public async Task ExpectAsync(string promql, double value, CancellationToken cancellation) =>
        await ExpectAsync(promql, samples => samples is [var sample] && sample.Value.Equals(value), cancellation);

    /// <summary>Asks until the result is the wanted one; after 30 s, fails with the last result.</summary>
    public async Task ExpectAsync(string promql, Func<IReadOnlyList<PrometheusSample>, bool> isWanted, CancellationToken cancellation)
    {
        IReadOnlyList<PrometheusSample> last = [];
        var wanted = false;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ResultLimit);
        while (!wanted && !limit.IsCancellationRequested)
        {
            wanted = isWanted(last = await QueryAsync(promql, cancellation));
            if (!wanted)
                await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellation.ThrowIfCancellationRequested();
        Assert.True(wanted, $"{promql}: last result: [{string.Join(", ", last)}]");
    }

    /// <summary>Stops the server and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await EndAsync(_process, _folder);
    }

    private static async Task EndAsync(ManagedProcess process, DirectoryInfo folder)
    {
        await process.StopAsync(StopLimit);
        await process.DisposeAsync();
        folder.Delete(recursive: true);
    }

    // ts=... level=info component=web msg="Listening on" address=127.0.0.1:33895
    private static string? ListeningOn(ManagedProcess process) =>
        process.StandardError.Lines.Select(line => ListeningLine().Match(line)).FirstOrDefault(match => match.Success)?.Groups["address"].Value;

    [GeneratedRegex("msg=\"Listening on\" address=(?<address>[0-9.:]+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ListeningLine();

    private static string Config(IEnumerable<(string Job, IPEndPoint Address)> targets) =>
        "global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n"
        + string.Concat(targets.Select(t => $"  - {{ job_name: '{t.Job}', static_configs: [ {{ targets: ['{t.Address}'] }} ] }}\n"));

    private static PrometheusSample Read(JsonElement sample) => new(
        sample.GetProperty("metric").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!),
        sample.GetProperty("value")[1].GetString() switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            var number => double.Parse(number!, CultureInfo.InvariantCulture),
        });
}

/// <summary>One sample of a query's result.</summary>
internal sealed record PrometheusSample(IReadOnlyDictionary<string, string> Labels, double Value)
{
    public override string ToString() => $"{{{string.Join(',', Labels.Select(l => $"{l.Key}=\"{l.Value}\""))}}} {Value}";
}
