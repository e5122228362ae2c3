using System.Text.Json;
using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Support.Peers;

/// <summary>The official definitions of OTLP and the names of the semantic conventions, as OpenTelemetry's packages for JavaScript bring them.</summary>
internal static class OtlpDefinitions
{
    private static readonly string Folder = Path.Combine(Repository.Root, "Sidecar.Tests", "Records", "Exchanges", "Outputs", "otlp");

    private static readonly Lazy<Task> Fetched = new(FetchAsync);

    /// <summary>Decodes requests, each without a mistake.</summary>
    public static async Task<IReadOnlyList<JsonElement>> DecodeAsync(IEnumerable<CollectorRequest> requests)
    {
        RootTools.RequirePrograms("node", "npm");
        await Fetched.Value;
        var lines = string.Join('\n', requests.Select(request => JsonSerializer.Serialize(new { signal = request.Signal, json = request.IsJson, body = Convert.ToBase64String(request.Body) })));
        var check = new ProcessCommand("check", "node", Path.Combine(Folder, "check.mjs"));
        var output = (await ShortCommand.ResultAsync(check, TimeSpan.FromMinutes(1), lines, TestContext.Current.CancellationToken)).Well("check.mjs");
        var answers = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Empty(answers.SelectMany(answer => answer.GetProperty("mistakes").EnumerateArray().Select(mistake => mistake.GetString())));
        return [.. answers.Select(answer => answer.GetProperty("request"))];
    }

    private static async Task FetchAsync() =>
        (await ShortCommand.ResultAsync(new ProcessCommand("npm", "npm", "ci", "--prefix", Folder, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"), TimeSpan.FromMinutes(3))).Well("npm ci");
}
