using System.Text;
using System.Text.Json.Nodes;
using Injection.Admission;
using Injection.Pods;
using Testing;
using Xunit;

namespace Sidecar.Tests.Injection;

public sealed class AdmissionReviewTests
{
    private static readonly PodSettings None = new();

    [Fact]
    public void Answer_APodThatAsks_GetsAPatch()
    {
        var answer = AdmissionReview.Answer(Review("""{"role": "inbound"}"""), None, out var outcome);

        Assert.Equal(InjectionOutcome.Changed, outcome);
        Assert.Equal("admission.k8s.io/v1", (string)answer["apiVersion"]!);
        var response = answer["response"]!;
        Assert.Equal(("u-1", true, "JSONPatch"), ((string)response["uid"]!, (bool)response["allowed"]!, (string)response["patchType"]!));
        var operations = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String((string)response["patch"]!)))!.AsArray();
        Assert.Equal(2, operations.Count(operation => (string)operation!["path"]! is "/spec/initContainers/0" or "/spec/initContainers/1"));
        Assert.Contains(operations, operation => (string)operation!["path"]! == "/metadata/annotations/sidecar.proxy~1injected");
        Assert.Contains("lifecycle.preStop.tcpSocket", (string)Assert.Single(response["warnings"]!.AsArray())!, StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_AWrongAnnotation_IsADenialAndAWarning()
    {
        var answer = AdmissionReview.Answer(Review("""{"role": "p3"}"""), None, out var outcome);

        Assert.Equal(InjectionOutcome.Refused, outcome);
        var response = answer["response"]!;
        Assert.False((bool)response["allowed"]!);
        Assert.Null(response["patch"]);
        Assert.Contains("sidecar.proxy/role 'p3'", (string)response["status"]!["message"]!, StringComparison.Ordinal);
        Assert.Contains("sidecar.proxy/role 'p3'", (string)response["warnings"]![0]!, StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_APodWithoutARole_IsAllowedWithAWarning()
    {
        var answer = AdmissionReview.Answer(Review("{}"), None, out var outcome);

        Assert.Equal(InjectionOutcome.Skipped, outcome);
        Assert.True((bool)answer["response"]!["allowed"]!);
        Assert.Contains("no sidecar: the role is missing", (string)answer["response"]!["warnings"]![0]!, StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_AnInjectedPod_IsLeftAlone()
    {
        var review = Review("""{"role": "inbound"}""");
        var pod = new global::Injection.Text.Patch(review["request"]!["object"]!);
        PodInjector.Inject(pod, None, isJob: false);
        review["request"]!["object"] = pod.Root.DeepClone();

        var answer = AdmissionReview.Answer(review, None, out var outcome);

        Assert.Equal(InjectionOutcome.Unchanged, outcome);
        Assert.Null(answer["response"]!["patch"]);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "request": {"uid": "1"}}""")]
    [InlineData("""{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}""")]
    [InlineData("""{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": ""}}""")]
    [InlineData("""{"apiVersion": 1, "kind": ["AdmissionReview"], "request": 2}""")]
    public void Answer_NoReview_SaysWhatIsExpected(string text) =>
        Assert.Throws<FormatException>(() => AdmissionReview.Answer(JsonNode.Parse(text), None, out _));

    [Theory]
    [InlineData("""{"kind": {"kind": "Service"}, "object": {"spec": {}}}""")]
    [InlineData("""{"kind": {"kind": "Pod"}}""")]
    [InlineData("""{"kind": {"kind": "Pod"}, "object": {"spec": []}}""")]
    [InlineData("""{"kind": "Pod", "object": 3}""")]
    public void Answer_NoPod_IsAllowed(string request)
    {
        var review = Review("{}");
        var changed = JsonNode.Parse(request)!.AsObject();
        changed["uid"] = "u-1";
        review["request"] = changed;

        Assert.True((bool)AdmissionReview.Answer(review, None, out _)["response"]!["allowed"]!);
    }

    // Any pod, however it is formed, gets an answer.
    [Fact]
    public void Answer_MutatedPods_NeverThrow()
    {
        var random = new Random(1);
        JsonNode?[] odd = [null, 1, -1, 1e99, "", "x", true, new JsonArray(), new JsonObject(), new JsonArray(1, "a", new JsonObject()), long.MaxValue];
        for (var round = 0; round < Rounds.Of(3000); round++)
        {
            var review = Review("""{"role": "inbound,outbound", "outbound-ports": "all", "config": "c"}""");
            var pod = review["request"]!["object"]!;
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                var nodes = Descendants(pod).ToList();
                var (parent, key) = nodes[random.Next(nodes.Count)];
                var value = odd[random.Next(odd.Length)]?.DeepClone();
                if (parent is JsonArray list)
                    list[int.Parse(key, System.Globalization.CultureInfo.InvariantCulture)] = value;
                else
                    ((JsonObject)parent)[key] = value;
            }

            var answer = AdmissionReview.Answer(review, None, out _);
            Assert.Equal("u-1", (string)answer["response"]!["uid"]!);
        }
    }

    private static IEnumerable<(JsonNode Parent, string Key)> Descendants(JsonNode node) => node switch
    {
        JsonObject mapping => mapping.ToList().SelectMany(entry => Descendants(entry.Value ?? false).Prepend((mapping, entry.Key))),
        JsonArray list => Enumerable.Range(0, list.Count).SelectMany(i => Descendants(list[i] ?? false).Prepend((list, $"{i}"))),
        _ => [],
    };

    private static JsonObject Review(string annotations)
    {
        var pod = JsonNode.Parse("""
            {"apiVersion": "v1", "kind": "Pod",
             "metadata": {"generateName": "web-", "labels": {"app": "web"}, "annotations": {}, "ownerReferences": [{"kind": "ReplicaSet", "name": "web"}]},
             "spec": {"securityContext": {"runAsUser": 1339}, "hostNetwork": false, "nodeSelector": {"kubernetes.io/os": "linux"}, "terminationGracePeriodSeconds": 30,
              "initContainers": [{"name": "init", "image": "i"}],
              "containers": [{"name": "web", "image": "w", "ports": [{"name": "http", "containerPort": 9000, "protocol": "TCP"}],
               "lifecycle": {"preStop": {"tcpSocket": {"port": 9000}}},
               "readinessProbe": {"httpGet": {"path": "/", "port": "http", "httpHeaders": [{"name": "Host", "value": "h"}]}}, "livenessProbe": {"grpc": {"port": 9000}}}],
              "volumes": [{"name": "data", "emptyDir": {}}]}}
            """)!;
        foreach (var (name, value) in JsonNode.Parse(annotations)!.AsObject())
            pod["metadata"]!["annotations"]![$"sidecar.proxy/{name}"] = value!.DeepClone();
        return new JsonObject
        {
            ["apiVersion"] = "admission.k8s.io/v1",
            ["kind"] = "AdmissionReview",
            ["request"] = new JsonObject { ["uid"] = "u-1", ["kind"] = new JsonObject { ["group"] = "", ["version"] = "v1", ["kind"] = "Pod" }, ["object"] = pod },
        };
    }
}
