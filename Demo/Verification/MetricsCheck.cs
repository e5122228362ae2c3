using Demo.Programs;
using Oracle.Protocol;

namespace Demo.Verification;

/// <summary>Scrapes both sidecars before and after, and checks that their counters moved by what crossed them.</summary>
internal sealed class MetricsCheck(DemoPorts ports, HttpFetcher web, Findings findings)
{
    private readonly Dictionary<string, MetricsPage> _before = [];

    private IEnumerable<(string Role, int Port)> Sidecars => [("p1", ports.P1.Metrics), ("p2", ports.P2.Metrics)];

    /// <summary>Remembers where the counters stand.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        foreach (var (role, port) in Sidecars)
        {
            if (await ScrapeAsync(port, cancellation) is { } page)
                _before[role] = page;
        }
    }

    /// <summary>Checks by how much they moved.</summary>
    /// <param name="bytes">The media bytes that came out at the frontend; at least these crossed.</param>
    /// <param name="transforms">The transforms that were seen.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task FinishAsync(long bytes, IReadOnlyList<TransformSpec> transforms, CancellationToken cancellation)
    {
        foreach (var (role, port) in Sidecars)
        {
            if (!_before.TryGetValue(role, out var before) || await ScrapeAsync(port, cancellation) is not { } after)
                continue;
            double Moved(string name, params string[] labels) => after.Sum(name, labels) - before.Sum(name, labels);
            void AtLeast(double least, string name, params string[] labels) => findings.Check(Moved(name, labels) >= least,
                $"{role}: {name}{{{string.Join(',', labels)}}} moved by {Moved(name, labels)}, at least {least} was expected");

            AtLeast(1, "sidecar_connections_opened_total");
            AtLeast(bytes, "sidecar_bytes_total", "direction=\"received\"", "peer=\"upstream\"");
            AtLeast(bytes, "sidecar_bytes_total", "direction=\"sent\"", "peer=\"downstream\"");
            foreach (var name in transforms.Select(t => t.Name).Distinct())
                AtLeast(1, "sidecar_transform_bytes_total", $"transform=\"{name}\"");
        }
    }

    private async Task<MetricsPage?> ScrapeAsync(int port, CancellationToken cancellation)
    {
        var answer = await web.GetAsync(DemoPorts.Url(port, "/metrics"), findings, cancellation);
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
