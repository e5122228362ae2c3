using System.Text.Json;
using Demo.Programs;
using Processes;
using Testing;
using Xunit;

namespace Workload.Tests.Demo;

/// <summary><c>./demo --records-kafka</c>, with the command that it prints.</summary>
[SystemTest]
public sealed class KafkaDemoTests
{
    private const string Reader = "The records are read by: ";
    private const string Invitation = "Open ";

    // Six programs that start on a loaded machine.
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Records_AreReadByThePrintedCommand()
    {
        RootTools.RequirePrograms("kcat");
        await using var demo = ManagedProcess.Start(new ProcessCommand("demo", [.. BuiltPrograms.Locate().Run("Demo"), "--records-kafka", "--free-ports"]));
        IEnumerable<string> Lines(string start) =>
            demo.StandardOutput.Lines.Concat(demo.StandardError.Lines).Where(line => line.StartsWith(start, StringComparison.Ordinal)).Select(line => line[start.Length..]);
        await demo.WaitUntilReadyAsync(_ => Task.FromResult(Lines(Invitation).Any()), Generous, TestContext.Current.CancellationToken);

        using var web = new HttpClient();
        using var page = await web.GetAsync(new Uri(Lines(Invitation).Single().Split(' ')[0]), TestContext.Current.CancellationToken);
        Assert.True(page.IsSuccessStatusCode);

        // It would go on for ever; one record is enough.
        var record = await Run.WellAsync([.. Lines(Reader).Single().Split(' '), "-c", "1", "-q"]);
        var request = JsonDocument.Parse(record).RootElement.GetProperty("l7").GetProperty("request").GetProperty("Record").GetProperty("Http");
        Assert.Equal(("GET", "/api/videos"), (request.GetProperty("method").GetString(), request.GetProperty("url").GetString()));
    }
}
