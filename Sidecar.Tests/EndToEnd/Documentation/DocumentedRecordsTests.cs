using System.Text.Json;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs;
using Sidecar.Tests.EndToEnd.Observation;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Documentation;

/// <summary>Each example of docs/records.md as it stands: only hosts and files are those of the test.</summary>
[SystemTest]
public sealed class DocumentedRecordsTests : IDisposable
{
    private const string Document = "docs/records.md";

    private readonly TempFolder _folder = new();

    public static TheoryData<int> Examples => [.. Blocks.Where(block => block.Lines[0] == "records:").Select(block => block.Line)];

    private static IEnumerable<FencedBlock> Blocks => FencedBlock.All.Where(block => block.Document == Document && block.Language == "yaml");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EachOutput_HasAnExample() =>
        Assert.All(RecordOutputs.Names, name => Assert.Contains(Blocks, block => block.Text.Contains(name == FileOutput.Word ? "path:" : $"output: {name}", StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Example_GetsTheRecord(int line)
    {
        var example = Blocks.Single(block => block.Line == line).Text;
        using var kafka = new KafkaMock();
        await using var http = await OtlpCollector.StartAsync(OtlpProtocol.HttpProtobuf);
        await using var grpc = await OtlpCollector.StartAsync(OtlpProtocol.Grpc);
        using var certificate = TestCertificate.Create();
        await using var search = await BulkServer.StartAsync(certificate: example.Contains("ca-file", StringComparison.Ordinal) ? certificate : null);
        await using var nginx = await Programs.NginxAsync();
        Directory.CreateDirectory(_folder.File("spool"));
        var here = new Dictionary<string, string>
        {
            ["kafka-0:9092,kafka-1:9092"] = kafka.Addresses,
            ["http://collector:4318"] = $"{http.Url}",
            ["http://collector:4317"] = $"{grpc.Url}",
            ["https://search:9200"] = $"{search.Url}",
            ["/run/secrets/api-key"] = _folder.Write("api-key", "a-key"),
            ["/etc/ssl/search.pem"] = _folder.Write("search.pem", certificate.ExportCertificatePem()),
            ["/var/spool/sidecar"] = _folder.File("spool"),
            ["/var/log/sidecar/"] = _folder.Root + "/",
        };
        var config = _folder.Write("sidecar.yaml", here.Aggregate(example, (text, pair) => text.Replace(pair.Key, pair.Value, StringComparison.Ordinal)));

        await using var sidecar = await StartedSidecar.StartAsync(nginx.Port, "--config", config);
        await Programs.RunAsync("curl", "curl", "-sS", $"http://127.0.0.1:{sidecar.Port}/a");

        var outputs = "";
        await Eventually.TrueAsync(async () => Sent(outputs = (await sidecar.GetAsync("admin", "/outputs")).Body).All(sent => sent == 1));
        Assert.DoesNotContain("last_error", outputs, StringComparison.Ordinal);
        Assert.Empty(search.Mistakes);
        if (example.Contains("output: kafka", StringComparison.Ordinal))
            Assert.Contains("\"/a\"", await Run.WellAsync("kcat", "-C", "-q", "-e", "-b", kafka.Addresses, "-t", "exchanges"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeysOfPerisco_AreAccepted()
    {
        var example = Blocks.Single(block => block.Text.Contains("exporter:", StringComparison.Ordinal)).Text;
        var config = _folder.Write("sidecar.yaml", example.Replace("/var/log/sidecar/", _folder.Root + "/", StringComparison.Ordinal));

        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "check", "--config", config);

        Assert.Equal(0, code);
        Assert.Empty(errors);
        Assert.Contains(output, line => line.Contains("perisco-v2 to ", StringComparison.Ordinal));
    }

    private static IEnumerable<int> Sent(string outputs) => JsonDocument.Parse(outputs).RootElement.EnumerateArray().Select(output => output.GetProperty("sent").GetInt32());
}
