using System.Globalization;
using System.Text.RegularExpressions;
using Testing;
using Xunit;

namespace Sidecar.Tests.Cluster;

/// <summary>The webhook, asked by a real API server.</summary>
[Collection(SharedCluster.Name)]
[SystemTest]
public sealed partial class ClusterInjectorTests : IClassFixture<ClusterInjector>
{
    private readonly DemoCluster _demo;
    private readonly ClusterInjector _injector;

    public ClusterInjectorTests(DemoCluster demo, ClusterInjector injector)
    {
        demo.Require();
        (_demo, _injector) = (demo, injector);
    }

    private KubernetesCluster Cluster => _injector.Kubernetes;

    [Fact(Explicit = true)]
    public async Task Apply_OfThePlainManifests_GivesAPlayingVideo()
    {
        foreach (var name in new[] { "oracle", "storage", "backend", "frontend" })
            await Cluster.KubectlAsync("-n", "injected", "rollout", "status", $"deployment/{name}", "--timeout=120s");

        Assert.Equal(["sidecar", "frontend"], (await Cluster.PodAsync("injected", "frontend")).Containers);
        Assert.Equal(["sidecar", "backend"], (await Cluster.PodAsync("injected", "backend")).Containers);
        Assert.Equal(["storage"], (await Cluster.PodAsync("injected", "storage")).Containers);
        await _demo.PlayAsync("injected");
    }

    [Theory(Explicit = true)]
    [InlineData("sidecar.proxy/role: both", "sidecar.proxy/role")]
    [InlineData("{sidecar.proxy/role: inbound, sidecar.proxy/inbound-ports: '15021'}", "sidecar.proxy/inbound-ports")]
    public async Task WrongAnnotation_IsRefusedByItsName(string annotations, string named)
    {
        var applied = await Cluster.ApplyAsync(ClusterInjector.Pod("wrong", annotations.StartsWith('{') ? annotations : $"{{{annotations}}}"));

        Assert.Equal(1, applied.ExitCode);
        Assert.Contains("inject.sidecar.proxy", applied.Errors, StringComparison.Ordinal);
        Assert.Contains(named, applied.Errors, StringComparison.Ordinal);
        Assert.Contains("Warning: ", applied.Errors, StringComparison.Ordinal);
    }

    [Theory(Explicit = true)]
    [InlineData("plain", "{}", "", "main")]
    [InlineData("opted-out", "{sidecar.proxy/role: outbound, sidecar.proxy/inject: 'false'}", "", "main")]
    [InlineData("label", "{sidecar.proxy/role: outbound}", "sidecar.proxy/inject: 'false'", "main")]
    [InlineData("opted-in", "{sidecar.proxy/role: outbound, sidecar.proxy/outbound-ports: '9000', sidecar.proxy/transform: '(xor 1)', sidecar.proxy/container: classic}", "", "sidecar main")]
    public async Task Pod_GetsASidecarAsItsAnnotationsSay(string name, string annotations, string labels, string containers)
    {
        (await Cluster.ApplyAsync(ClusterInjector.Pod(name, annotations, labels))).Well("kubectl apply");
        try
        {
            Assert.Equal(containers, await Cluster.KubectlAsync("-n", ClusterInjector.Space, "get", "pod", name, "-o", "jsonpath={.spec.containers[*].name}"));
        }
        finally
        {
            await Cluster.KubectlAsync("-n", ClusterInjector.Space, "delete", "pod", name, "--wait=false");
        }
    }

    [Fact(Explicit = true)]
    public async Task Job_WithAClassicSidecar_EndsWhenItsLastStepDrainsTheSidecar()
    {
        // What docs/injection.md tells the last step to do; the image has bash and no curl.
        (await Cluster.ApplyAsync("""
            apiVersion: batch/v1
            kind: Job
            metadata: {name: once, namespace: default}
            spec:
              template:
                metadata:
                  annotations: {sidecar.proxy/role: outbound, sidecar.proxy/outbound-ports: '9000', sidecar.proxy/transform: '(xor 1)', sidecar.proxy/container: classic}
                spec:
                  restartPolicy: Never
                  containers:
                    - name: main
                      image: localhost/test-base:debian
                      command: [bash, -c]
                      args:
                        - >-
                          exec 3<>/dev/tcp/127.0.0.1/15000; printf 'POST /drain HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' >&3; grep -q ' 20' <&3
            """)).Well("kubectl apply");
        await Cluster.KubectlAsync("wait", "--for=condition=complete", "job/once", "--timeout=120s");

        Assert.Equal("0 0", await Cluster.KubectlAsync("get", "pods", "-l", "job-name=once", "-o", "jsonpath={.items[0].status.containerStatuses[*].state.terminated.exitCode}"));
        await Cluster.KubectlAsync("delete", "job", "once", "--wait=false");
    }

    [Fact(Explicit = true)]
    public async Task Admission_TakesMilliseconds()
    {
        // Nothing is started: the API server asks the webhook, and forgets the pod.
        for (var pod = 0; pod < 20; pod++)
            (await Cluster.TryOutAsync(ClusterInjector.Pod($"measured-{pod}", ClusterInjector.Annotations))).Well("kubectl create");

        // As the API server sees it: TLS, JSON, patch.
        var metrics = await Cluster.KubectlAsync("get", "--raw", "/metrics");
        double Of(string what) => Duration().Matches(metrics).Where(match => match.Groups["what"].Value == what).Sum(match => double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture));
        var (sum, count) = (Of("sum"), Of("count"));
        TestContext.Current.TestOutputHelper?.WriteLine($"{count} admissions, on average {1000 * sum / count:0.0} ms");
        Assert.InRange(count, 20, double.MaxValue);
        // Far from the webhook's limit of five seconds, which would refuse pods.
        Assert.InRange(sum / count, 0, 1);
    }

    [GeneratedRegex("""^apiserver_admission_webhook_admission_duration_seconds_(?<what>sum|count)\{name="inject.sidecar.proxy".*\} (?<value>\S+)$""", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Duration();
}
