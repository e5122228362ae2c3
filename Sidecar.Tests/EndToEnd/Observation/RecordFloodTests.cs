using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>What one client's flood leaves of the others' records on disk.</summary>
public sealed class RecordFloodTests : IDisposable
{
    private readonly ExchangeRecords _records = new();

    public void Dispose() => _records.Dispose();

    [Fact]
    public async Task Records_FloodOfOneClientThroughAllFiles_LeavesTheOthers()
    {
        await using var nginx = await Programs.NginxAsync();
        await using var sidecar = await RunningSidecar.AloneAsync(nginx.Port, [.. _records.Words, "--records-rotate-size", "1MB", "--records-keep", "1"]);
        var url = $"http://127.0.0.1:{sidecar.Port}";
        await Programs.RunAsync("curl", "curl", "-sS", "--interface", "127.0.0.2", $"{url}/a?n=[1-5]");
        await Programs.RunAsync("curl", "curl", "-sS", "-H", $"X-Pad: {new string('x', 7000)}", $"{url}/a?flood=[1-600]");

        var kept = $"{_records.Path}.kept";
        await Eventually.TrueAsync(() => File.Exists(kept) && File.ReadAllText(kept).EndsWith('\n'));
        var lines = await File.ReadAllLinesAsync(kept, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(1, 5).Select(n => $"/a?n={n}"), lines.Select(line => RecordedExchange.Parse(line).Url));
        // For a moment of each rotation there is none.
        await Eventually.TrueAsync(() => File.Exists(_records.Path + ".1"));
        Assert.DoesNotContain("127.0.0.2", await File.ReadAllTextAsync(_records.Path + ".1", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
