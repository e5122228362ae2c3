using System.Text;
using System.Text.Json;
using Oracle.Protocol;
using Sidecar.Kubernetes;
using Sidecar.Records.Command;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs.Otlp;
using Testing;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges.Formats;

/// <summary>Kubernetes' names in each format, and that docs/records.md shows them so.</summary>
public sealed class FormatNamesTests
{
    public static TheoryData<string> Formats => [.. RecordFormats.Names];

    [Theory]
    [InlineData("perisco")]
    [InlineData("perisco-v2")]
    public void Perisco_WrapsTheRecord(string format)
    {
        var json = Parse(Written(format, Names));

        Assert.Equal("""{"name":"web-1","namespace":"shop","labels":["app=web","app.kubernetes.io/name=web"],"nodeName":"node-1"}""", json.GetProperty("client").GetRawText());
        Assert.Equal("""{"name":"shop-1","namespace":"shop","nodeName":"node-2"}""", json.GetProperty("server").GetRawText());
        Assert.Equal("""{"name":"web","namespace":"shop","labels":["team=blue"]}""", json.GetProperty("clientService").GetRawText());
        Assert.Equal("""{"name":"shop","namespace":"shop"}""", json.GetProperty("serverService").GetRawText());
        Assert.Equal(Written(format, null).TrimEnd(), json.GetProperty("protoMessage").GetRawText());
    }

    [Theory]
    [InlineData("perisco")]
    [InlineData("perisco-v2")]
    public void Perisco_WithoutAKnownEnd_LeavesItOut(string format) =>
        Assert.Equal(["protoMessage", "server"], Parse(Written(format, new ConnectionNames(Server, default, new EndNames(Server, null)))).EnumerateObject().Select(property => property.Name));

    [Fact]
    public void Otel_HasTheOwnPodAsResource_AndAttributesOfTheEnds()
    {
        var json = Parse(Written("otel", Names));

        Assert.Equal("""{"k8s.pod.name":"shop-1","k8s.namespace.name":"shop","k8s.node.name":"node-2"}""", json.GetProperty("resource").GetRawText());
        Assert.Equal(
            [
                "client.address=127.0.0.1", "client.port=47994", "client.k8s.pod.name=web-1", "client.k8s.namespace.name=shop", "client.k8s.node.name=node-1", "client.k8s.serviceaccount.name=web",
                "client.k8s.pod.label.app=web", "client.k8s.pod.label.app.kubernetes.io/name=web", "client.k8s.service.name=web", "server.address=127.0.0.1", "server.port=8880",
                "server.k8s.pod.name=shop-1", "server.k8s.namespace.name=shop", "server.k8s.node.name=node-2", "server.k8s.service.name=shop",
            ],
            json.GetProperty("attributes").EnumerateObject().Where(property => property.Name.StartsWith("client.", StringComparison.Ordinal) || property.Name.StartsWith("server.", StringComparison.Ordinal)).Select(property => $"{property.Name}={property.Value}"));
    }

    [Fact]
    public void Span_HasAttributesOfTheEnds()
    {
        var attributes = Parse(Written(OtlpSignal.Traces.Format, Names)).GetProperty("attributes").EnumerateArray().Select(attribute => $"{attribute.GetProperty("key")}={attribute.GetProperty("value").EnumerateObject().Single().Value}").ToList();

        Assert.All(["client.port=47994", "client.k8s.pod.name=web-1", "client.k8s.pod.label.app=web", "server.port=8880", "server.k8s.service.name=shop", "network.transport=tcp"], attribute => Assert.Contains(attribute, attributes));
    }

    [Fact]
    public void Ecs_HasTheFieldsOfBeats_BelowTheEnds()
    {
        var json = Parse(Written("ecs", Names));

        Assert.Equal("""{"type":"kubernetes"}""", json.GetProperty("orchestrator").GetRawText());
        Assert.Equal("""{"namespace":"shop","pod":{"name":"shop-1"},"node":{"name":"node-2"}}""", json.GetProperty("kubernetes").GetRawText());
        Assert.Equal(
            """{"namespace":"shop","pod":{"name":"web-1"},"node":{"name":"node-1"},"serviceaccount":{"name":"web"},"service":{"name":"web"},"labels":{"app":"web","app_kubernetes_io/name":"web"}}""",
            json.GetProperty("client").GetProperty("kubernetes").GetRawText());
        Assert.Equal("""{"namespace":"shop","pod":{"name":"shop-1"},"node":{"name":"node-2"},"service":{"name":"shop"}}""", json.GetProperty("server").GetProperty("kubernetes").GetRawText());
    }

    [Theory]
    [InlineData(SidecarRole.Outbound, "outbound|8880||shop.shop.svc.cluster.local")]
    [InlineData(SidecarRole.Inbound, null)]
    public void Envoy_NamesTheClusterOfAnOutboundSidecar(SidecarRole role, string? expected)
    {
        var json = Parse(MadeExchanges.Written(Format("envoy", Text()), Of(), Origin() with { Role = role, Names = Names }));

        Assert.Equal(expected, json.TryGetProperty("upstream_cluster", out var cluster) ? cluster.GetString() : null);
    }

    // A pod's service is known, its pod is not: a Service's address, as an outbound sidecar sees it.
    [Fact]
    public void Service_WithoutAPod_HasItsNamespace()
    {
        var names = new ConnectionNames(null, default, new EndNames(null, new NamedService("shop", "other", [])));

        Assert.Equal("other", Parse(Written("otel", names)).GetProperty("attributes").GetProperty("server.k8s.namespace.name").GetString());
        Assert.Equal("""{"namespace":"other","service":{"name":"shop"}}""", Parse(Written("ecs", names)).GetProperty("server").GetProperty("kubernetes").GetRawText());
        Assert.False(Parse(Written("otel", names)).TryGetProperty("resource", out _));
        Assert.False(Parse(Written("ecs", names)).TryGetProperty("kubernetes", out _));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Names_OfAnyBytes_AreText(string format)
    {
        const string strange = "a\"b\\c\n\u0000\ud800é{";
        var pod = new NamedPod(strange, strange, strange, strange, [new Label(strange, strange)]);
        var names = new ConnectionNames(pod, new EndNames(pod, new NamedService(strange, strange, pod.Labels)), new EndNames(pod, new NamedService(strange, strange, pod.Labels)));

        Parse(MadeExchanges.Written(Format(format, Text()), Of(), Origin() with { Role = SidecarRole.Outbound, Names = names }));
    }

    // With the longest names that Kubernetes allows for pods, services and namespaces, nodes of usual clouds, and full labels.
    [Theory]
    [MemberData(nameof(Formats))]
    public void Line_WithLongNames_KeepsItsLimit(string format)
    {
        var labels = new LabelChoice(null).Of(Enumerable.Range(0, 50).ToDictionary(i => $"label-{i:00}", _ => new string('v', 20)));
        var pod = new NamedPod(new string('p', 63), new string('n', 63), new string('o', 63), new string('a', 63), labels);
        var service = new NamedService(new string('s', 63), pod.Namespace!, labels);
        var exchange = Completed(Request("GET", "/" + new string('u', 5000), ("Cookie", new string('c', 5000))), Response(200, ("Content-Type", new string('t', 5000))));
        var format4K = Format(format, Text(maxLine: 4096));

        var line = MadeExchanges.Written(format4K, exchange, Origin() with { Role = SidecarRole.Outbound, Names = new ConnectionNames(pod, new EndNames(pod, service), new EndNames(pod, service)) });

        Parse(line);
        Assert.InRange(Encoding.UTF8.GetByteCount(line), 1000, 4096);
    }

    [Fact]
    public void Tool_ReadsAWrappedRecord()
    {
        var read = ReadRecord.TryParse(Encoding.UTF8.GetBytes(Written("perisco", Names)));

        Assert.Equal(("GET", "/", 200, "abc-1"), (read!.Method, read.Target, read.Status, read.Connection));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Sender_OfALine_IsItsClient(string format)
    {
        var made = Format(format, Text());
        Assert.Equal(made.SenderOf(Encoding.UTF8.GetBytes(Written(format, null))), made.SenderOf(Encoding.UTF8.GetBytes(Written(format, Names))));
        Assert.NotEqual(UInt128.Zero, made.SenderOf(Encoding.UTF8.GetBytes(Written(format, Names))));
    }

    [Fact]
    public void Document_ShowsTheNamesOfEveryFormat()
    {
        var table = File.ReadLines(Path.Combine(Repository.Root, "docs", "records.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1]).ToList();
        var head = table.FindIndex(cells => cells[0] == "name");
        var rows = table.Skip(head + 1).TakeWhile(cells => cells.Length == table[head].Length).ToList();
        var labels = new[] { new Label("NAME", "value") };
        var (client, server) = (new NamedPod("c", "n", "o", "a", labels), new NamedPod("s", "n", "o", "a", labels));
        var names = new ConnectionNames(server, new EndNames(client, new NamedService("x", "n", labels)), new EndNames(server, new NamedService("y", "n", labels)));
        foreach (var format in RecordFormats.Names)
        {
            var column = Array.IndexOf(table[head], $"`{format}`");
            var shown = rows.SelectMany(cells => cells[column].Split(", ")).Where(cell => cell.StartsWith('`')).Select(cell => cell.Trim('`'));
            var origin = Origin() with { Role = SidecarRole.Outbound };
            var without = Keys(Parse(MadeExchanges.Written(Format(format, Text()), Of(), origin))).ToHashSet();
            var written = Keys(Parse(MadeExchanges.Written(Format(format, Text()), Of(), origin with { Names = names }))).Where(key => !without.Contains(key) && !key.StartsWith("protoMessage.", StringComparison.Ordinal));
            Assert.Equal(written.Order(StringComparer.Ordinal), shown.Order(StringComparer.Ordinal));
        }
    }

    private static string Written(string format, ConnectionNames? names) => MadeExchanges.Written(Format(format, Text()), Of(), Origin() with { Names = names });

    private static JsonElement Parse(string line) => JsonDocument.Parse(line).RootElement;

    private static IEnumerable<string> Keys(JsonElement element, string path = "") => element.ValueKind == JsonValueKind.Object
        ? element.EnumerateObject().SelectMany(property => Keys(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}"))
        : [path];
}
