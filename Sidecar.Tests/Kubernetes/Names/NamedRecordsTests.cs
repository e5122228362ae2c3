using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Processes;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;
using static Sidecar.Tests.Support.Peers.KubernetesApi;

namespace Sidecar.Tests.Kubernetes.Names;

/// <summary>The program itself, with an API server beside it: records, metrics, and its log.</summary>
[SystemTest]
public sealed class NamedRecordsTests
{
    private const string Client = "127.0.0.5";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Records_OfAProcess_HaveTheNamesOfBothEnds()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Pod("web-1", Client), Service("web", "10.96.0.1"), Slice("web", 8080, "web-1"));
        using var records = new ExchangeRecords();
        await using var sidecar = await StartedSidecar.StartAsync(
            api.Url.Port,
            [.. records.Words, "--kubernetes-names", "on", "--kubernetes-server", api.Url.AbsoluteUri, "--kubernetes-namespace", "shop", "--kubernetes-pod", "shop-1", "--kubernetes-node", "node-2"]);
        await Eventually.TrueAsync(async () => Enumerable.Count((await PageAsync(sidecar)).Split('\n'), line => line.StartsWith("sidecar_kubernetes_synced{", StringComparison.Ordinal) && line.EndsWith(" 1", StringComparison.Ordinal)) == 3);

        await AskAsync(sidecar.Port);

        JsonNode? record = null;
        await Eventually.TrueAsync(() => (record = Lines(records.Path).LastOrDefault()) is not null);
        Assert.Equal(("web-1", "node-1", "web", "shop-1", "node-2"), (record.Text("client.name"), record.Text("client.nodeName"), record.Text("clientService.name"), record.Text("server.name"), record.Text("server.nodeName")));
        Assert.Equal("/healthz", record.Text("protoMessage.l7.request.Record.Http.url"));
        var page = await PageAsync(sidecar);
        Assert.All(["sidecar_kubernetes_entries{resource=\"pods\"} 1", "sidecar_kubernetes_watch_errors_total{resource=\"pods\"} 0", "sidecar_kubernetes_left_out_total{resource=\"pods\"} 0"], line => Assert.Contains(line, page, StringComparison.Ordinal));
        Assert.Contains("sidecar_kubernetes_last_success_timestamp_seconds{resource=\"services\"}", page, StringComparison.Ordinal);
        // Watches must not keep it from its end.
        Assert.InRange(await sidecar.StopAsync(ProcessSignal.Terminate), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Process_WithoutItsApiServer_RelaysAndRecordsAtOnce()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Hangs = true;
        await using var service = await KubernetesApi.StartAsync();
        using var records = new ExchangeRecords();
        await using var sidecar = await StartedSidecar.StartAsync(
            service.Url.Port,
            [.. records.Words, "--kubernetes-names", "on", "--kubernetes-server", api.Url.AbsoluteUri, "--kubernetes-namespace", "shop", "--kubernetes-pod", "shop-1"]);

        await AskAsync(sidecar.Port);

        JsonNode? record = null;
        await Eventually.TrueAsync(() => (record = Lines(records.Path).LastOrDefault()) is not null);
        Assert.Equal((null, "shop-1"), (record.Text("client.name"), record.Text("server.name")));
        await sidecar.StopAsync(ProcessSignal.Terminate);
    }

    [Fact]
    public async Task Check_NamesWhatIsMissing()
    {
        var result = await ProgramProcess.RunAsync("Sidecar", "check", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:9", "--records", "-", "--kubernetes-names", "on", "--kubernetes-server", "https://127.0.0.1:1", "--kubernetes-namespace", "shop", "--kubernetes-ca-file", "/nowhere/ca.crt");

        Assert.Equal(2, result.Code);
        Assert.Contains("kubernetes.ca-file '/nowhere/ca.crt'", Assert.Single(result.Errors), StringComparison.Ordinal);
    }

    private static async Task<string> PageAsync(StartedSidecar sidecar) => (await sidecar.GetAsync("metrics", "/metrics")).Body;

    private static IEnumerable<JsonNode?> Lines(string path) => !File.Exists(path) ? [] : File.ReadAllText(path).Split('\n')[..^1].Select(line => JsonNode.Parse(line));

    // From the address of the pod.
    private static async Task AskAsync(int port)
    {
        using var client = new TcpClient(new IPEndPoint(IPAddress.Parse(Client), 0));
        await client.ConnectAsync(IPAddress.Loopback, port, Cancel);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET /healthz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"), Cancel);
        using var reader = new StreamReader(client.GetStream());
        Assert.StartsWith("HTTP/1.1 404", await reader.ReadToEndAsync(Cancel), StringComparison.Ordinal);
    }
}
