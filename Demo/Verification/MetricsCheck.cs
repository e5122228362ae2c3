using ByteFilters;

namespace Demo.Verification;

/// <summary>Scrapes the sidecars before and after, and checks that their counters moved by what crossed them.</summary>
/// <param name="pages">Each sidecar's page, by its name.</param>
/// <param name="web">Fetches them.</param>
/// <param name="findings">Where faults go.</param>
internal sealed class MetricsCheck(IReadOnlyDictionary<string, Uri> pages, HttpFetcher web, Findings findings)
{
    private readonly Dictionary<string, MetricsPage> _before = [];

    /// <summary>Remembers where the counters stand.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        foreach (var (name, page) in pages)
        {
            if (await ScrapeAsync(page, cancellation) is { } now)
                _before[name] = now;
        }
    }

    /// <summary>Checks by how much they moved.</summary>
    /// <param name="bytes">The media bytes that came out at the frontend; at least these crossed.</param>
    /// <param name="transforms">The transforms that were seen.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task FinishAsync(long bytes, IReadOnlyList<TransformExpression> transforms, CancellationToken cancellation)
    {
        foreach (var (name, page) in pages)
        {
            if (!_before.TryGetValue(name, out var before) || await ScrapeAsync(page, cancellation) is not { } after)
                continue;
            double Moved(string counter, params string[] labels) => after.Sum(counter, labels) - before.Sum(counter, labels);
            void AtLeast(double least, string counter, params string[] labels) => findings.Check(Moved(counter, labels) >= least,
                $"{name}: {counter}{{{string.Join(',', labels)}}} moved by {Moved(counter, labels)}, at least {least} was expected");

            AtLeast(1, "sidecar_connections_opened_total");
            AtLeast(bytes, "sidecar_bytes_total", "direction=\"received\"", "peer=\"upstream\"");
            AtLeast(bytes, "sidecar_bytes_total", "direction=\"sent\"", "peer=\"downstream\"");
            foreach (var transform in transforms.Select(t => t.Name).Distinct())
                AtLeast(1, "sidecar_transform_bytes_total", $"transform=\"{transform}\"");
        }
    }

    private async Task<MetricsPage?> ScrapeAsync(Uri page, CancellationToken cancellation)
    {
        var answer = await web.GetAsync(page, findings, cancellation);
        try
        {
            return answer is null ? null : new MetricsPage(answer.Text);
        }
        catch (FormatException error)
        {
            findings.Fail($"{answer!.Url}: {error.Message}");
            return null;
        }
    }
}
