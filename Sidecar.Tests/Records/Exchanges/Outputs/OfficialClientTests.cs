using System.Text;
using System.Text.Json.Nodes;
using Chassis.Records;
using Microsoft.Extensions.Logging;
using Processes;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs;
using Sidecar.Records.Exchanges.Outputs.Elasticsearch;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges.Outputs;

/// <summary>Elasticsearch's own client sends the same as the output does, and the server takes both.</summary>
[SystemTest]
public sealed class OfficialClientTests
{
    private static readonly string Tools = Path.Combine(Repository.Root, "Sidecar.Tests", "Records", "Exchanges", "Outputs", "elasticsearch");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Documents_OfEveryFormat_MakeTheSameBodies(bool isStream)
    {
        RootTools.RequirePrograms("node", "npm");
        (await ShortCommand.ResultAsync(new ProcessCommand("npm", "npm", "ci", "--prefix", Tools, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"), TimeSpan.FromMinutes(3), cancellation: TestContext.Current.CancellationToken)).Well("npm ci");
        var log = new ErrorLog(LogLevel.Information);
        foreach (var format in RecordFormats.Names)
        {
            await using var ours = await BulkServer.StartAsync();
            var output = new ElasticsearchOutput { Url = ours.Url, Index = IndexPattern.Parse("records"), IsDataStream = isStream };
            await using (var sink = new LineSink(output.Open(new OutputContext(format, _ => 0, TimeProvider.System, log)), LineSink.DefaultLimit, TimeProvider.System, log))
            {
                foreach (var line in MadeRecords.Of(format))
                    sink.Write(Encoding.UTF8.GetBytes(line));
            }

            await using var theirs = await BulkServer.StartAsync();
            foreach (var (name, template) in ours.Templates)
                theirs.Templates[name] = template.DeepClone();
            var body = string.Concat(ours.Bodies);
            var check = new ProcessCommand("bulk", "node", Path.Combine(Tools, "bulk.mjs"));
            var input = $"{theirs.Url}\n{string.Join('\n', body.TrimEnd('\n').Split('\n').Select((line, i) => i % 2 == 0 ? JsonNode.Parse(line)!["create"]!.ToJsonString() : line))}";
            Assert.Equal("", (await ShortCommand.ResultAsync(check, TimeSpan.FromMinutes(1), input, TestContext.Current.CancellationToken)).Well("bulk.mjs"));

            // But for the way in which a character is escaped.
            Assert.Equal(Lines(Assert.Single(theirs.Bodies)), Lines(body));
            Assert.Equal(MadeRecords.Of(format).Count, ours.Documents.Count);
            Assert.Equal(theirs.Documents.Keys.OrderBy(key => key.Id), ours.Documents.Keys.OrderBy(key => key.Id));
            Assert.Empty(ours.Mistakes.Concat(theirs.Mistakes).Concat(ours.Refusals).Concat(theirs.Refusals));
            Assert.Equal(isStream ? ["records"] : [], theirs.DataStreams);
        }

        Assert.Empty(log.Lines);
    }

    private static IEnumerable<string> Lines(string body) => body.Split('\n').Select(line => line.Length == 0 ? "" : JsonNode.Parse(line)!.ToJsonString());
}
