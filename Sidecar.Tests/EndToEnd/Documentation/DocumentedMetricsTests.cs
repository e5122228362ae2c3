using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Documentation;

/// <summary>Every metric of a sidecar is explained where operators look.</summary>
public sealed class DocumentedMetricsTests
{
    [Fact]
    public async Task EveryMetric_IsInADocument()
    {
        using var records = new ExchangeRecords();
        await using var sidecar = await RunningSidecar.AloneAsync(9, [.. records.Words, "--listener-max-connections", "10"]);

        using var http = new HttpClient();
        var page = await http.GetStringAsync(new Uri($"http://127.0.0.1:{sidecar.MonitoringPorts[0]}/metrics"), TestContext.Current.CancellationToken);

        const string Type = "# TYPE sidecar_";
        var names = page.Split('\n').Where(line => line.StartsWith(Type, StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToList();

        var documents = string.Concat(((string[])["operations.md", "observation.md"]).Select(file => File.ReadAllText(Path.Combine(Repository.Root, "docs", file))));
        Assert.InRange(names.Count, 15, 100);
        Assert.DoesNotContain(names, name => !documents.Contains(name, StringComparison.Ordinal));
    }
}
