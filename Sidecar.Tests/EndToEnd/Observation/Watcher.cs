using System.Globalization;
using Demo.Verification;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>What records the exchanges with a server: a sidecar in the path, with either transport, or <c>observe</c> beside it, with either source.</summary>
internal sealed class Watcher : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private readonly IAsyncDisposable _program;
    private readonly Func<Task<MetricsPage>> _scrape;

    private Watcher(IAsyncDisposable program, int port, Func<Task<MetricsPage>> scrape)
    {
        _program = program;
        Port = port;
        _scrape = scrape;
    }

    /// <summary>All of them, for a theory.</summary>
    public static TheoryData<string> All => ["epoll", "sockets", "ebpf", "packet"];

    /// <summary>Where clients connect: the sidecar, or the server itself.</summary>
    public int Port { get; }

    /// <summary>Starts one; skips the test where its source needs root.</summary>
    /// <param name="kind">One of <see cref="All"/>.</param>
    /// <param name="server">The server's port on loopback.</param>
    /// <param name="records">Where the records go.</param>
    public static async Task<Watcher> StartAsync(string kind, int server, ExchangeRecords records)
    {
        if (kind is "epoll" or "sockets")
        {
            var sidecar = await RunningSidecar.AloneAsync(server, [.. records.Words, "--transport", kind]);
            return new Watcher(sidecar, sidecar.Port, sidecar.ScrapeAsync);
        }

        RootTools.Require();
        var observe = ProgramProcess.Start(
            "Sidecar", ["observe", "--capture", kind, "--capture-ports", $"{server}", .. records.Words, "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "off"]);
        var metrics = await observe.EndpointPortAsync("metrics");
        await observe.ErrorLineAsync("Capturing from");
        var page = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{metrics}/metrics"));
        return new Watcher(observe, server, async () => new MetricsPage(await Http.GetStringAsync(page, TestContext.Current.CancellationToken)));
    }

    /// <summary>The metrics as Prometheus would get them now.</summary>
    public Task<MetricsPage> ScrapeAsync() => _scrape();

    /// <summary>Waits until there were connections, and the last one has ended.</summary>
    public Task AllHaveEndedAsync() => Eventually.TrueAsync(async () =>
    {
        var metrics = await ScrapeAsync();
        return metrics.Sum("sidecar_connections_active") + metrics.Sum("sidecar_capture_connections") == 0
            && metrics.Sum("sidecar_connections_total") + metrics.Sum("sidecar_capture_connections_opened_total") > 0;
    });

    public ValueTask DisposeAsync() => _program.DisposeAsync();
}
