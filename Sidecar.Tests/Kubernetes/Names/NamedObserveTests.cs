using System.Text.Json.Nodes;
using Sidecar.Tests.EndToEnd.Observation;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;
using static Sidecar.Tests.Support.Peers.KubernetesApi;

namespace Sidecar.Tests.Kubernetes.Names;

/// <summary><c>Sidecar observe</c> with an API server beside it.</summary>
[SystemTest]
public sealed class NamedObserveTests
{
    private const string Known = "127.0.0.5";
    private const string Unknown = "127.0.0.6";

    [Theory]
    [InlineData("shop", "/known", "web-1")]
    [InlineData("!shop", "/unknown", null)]
    public async Task Connections_AreChosenByTheirNamespaces(string choice, string expected, string? name)
    {
        RootTools.Require();
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Pod("web-1", Known), Service("web", "10.96.0.1"), Slice("web", 8080, "web-1"));
        await using var nginx = await Programs.NginxAsync();
        await using var observe = ProgramProcess.Start(
            "Sidecar", "observe", "--capture", "packet", "--capture-ports", $"{nginx.Port}", "--capture-namespaces", choice, "--kubernetes-names", "on",
            "--kubernetes-server", api.Url.AbsoluteUri, "--kubernetes-namespace", "shop", "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "off");
        var metrics = await observe.EndpointPortAsync("metrics");
        await observe.ErrorLineAsync("Capturing from");
        using var http = new HttpClient();
        await Eventually.TrueAsync(async () => (await PageAsync()).Split('\n').Count(line => line.StartsWith("sidecar_kubernetes_synced{", StringComparison.Ordinal) && line.EndsWith(" 1", StringComparison.Ordinal)) == 3);

        // The unwanted one first: its record would be there before the other's.
        foreach (var client in choice == "shop" ? [Unknown, Known] : (string[])[Known, Unknown])
            await Programs.RunAsync("curl", "curl", "-sS", "-o", "/dev/null", "--interface", client, $"http://127.0.0.1:{nginx.Port}/{(client == Known ? "known" : "unknown")}");

        await Eventually.TrueAsync(() => observe.Output.Count > 0, () => string.Join('\n', observe.Errors));
        var record = JsonNode.Parse(Assert.Single(observe.Output));
        Assert.Equal((expected, name), ((record.Text("protoMessage.l7.request.Record.Http.url") ?? record.Text("l7.request.Record.Http.url")), record.Text("client.name")));
        // The metrics have what the records have.
        Assert.Single((await PageAsync()).Split('\n'), line => line.StartsWith("http_server_request_duration_seconds_count{", StringComparison.Ordinal) && line.EndsWith(" 1", StringComparison.Ordinal));

        Task<string> PageAsync() => http.GetStringAsync($"http://127.0.0.1:{metrics}/metrics", TestContext.Current.CancellationToken);
    }
}
