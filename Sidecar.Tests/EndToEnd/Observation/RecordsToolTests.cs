using System.Globalization;
using System.Text.RegularExpressions;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>What users look at the records of a run with: <c>Sidecar records</c>, and the jq lines of the documentation.</summary>
public sealed partial class RecordsToolTests : IDisposable
{
    private readonly ExchangeRecords _records = new();

    public void Dispose() => _records.Dispose();

    [Fact]
    public async Task RecordsCommand_WithSummary_CountsTheRun()
    {
        await RunAsync();

        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "records", _records.Path, "--summary");

        Assert.True(code == 0, string.Join('\n', errors));
        var lines = output.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(words => words.Length > 0).ToList();
        Assert.Equal(["count", "errors", "p50", "p90", "p99", "method", "path"], lines[0]);
        Assert.Equal(["60 0.0% GET /a", "30 100.0% GET /broken", "10 0.0% PUT /file/{n}", "1 100.0% GET /dropped", "101 30.7% 4 paths"], lines[1..].Select(words => string.Join(' ', words[..2].Concat(words[5..]))));
    }

    [Fact]
    public async Task RecordsCommand_WithErrorsOnly_ShowsEachAsALine()
    {
        await RunAsync();

        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "records", _records.Path, "--status", "5xx");

        Assert.True(code == 0, string.Join('\n', errors));
        Assert.Equal(30, output.Count(line => line.Contains("  500  ", StringComparison.Ordinal) && line.Contains("  /broken?", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/observation.md")]
    public async Task JqLine_OfTheDocumentation_MakesATable(string document)
    {
        await RunAsync();
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, document), TestContext.Current.CancellationToken);
        var line = Assert.Single(JqLine().Matches(text)).Groups["jq"].Value;

        var table = await Programs.RunAsync("bash", "bash", "-c", $"{line} < \"$0\"", _records.Path);

        var rows = table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(row => row.Split('\t')).ToList();
        Assert.Equal(_records.Read().Select(r => $"{r.Method} {r.Status} {r.Url}"), rows.Select(row => $"{row[0]} {row[1]} {row[3]}"));
        Assert.Equal(100, rows.Count(row => double.Parse(row[2], CultureInfo.InvariantCulture) is > 0.001 and < 60_000));
    }

    private async Task RunAsync()
    {
        await using var nginx = await Programs.NginxAsync();
        var body = nginx.FileOf("body");
        await File.WriteAllTextAsync(body, "a body", TestContext.Current.CancellationToken);
        await using var sidecar = await RunningSidecar.AloneAsync(nginx.Port, _records.Words);
        var url = $"http://127.0.0.1:{sidecar.Port}";
        await Programs.RunAsync("curl", "curl", "-sS", $"{url}/a?n=[1-60]", $"{url}/broken?[1-30]", "--next", "-sS", "-T", body, $"{url}/file/[1-10]");
        // One that is never answered: the server closes the connection.
        await Programs.RunAsync("bash", "bash", "-c", "curl -sS \"$0\" || [ $? = 52 ]", $"{url}/dropped");
        await _records.ReadAsync(101);
    }

    [GeneratedRegex(@"^\./demo --verify --records - \| (?<jq>jq .+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex JqLine();
}
