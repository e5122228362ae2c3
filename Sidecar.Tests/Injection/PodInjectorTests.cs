using System.Net;
using System.Text.Json.Nodes;
using Injection.Pods;
using Injection.Text;
using Sidecar.Destination;
using Sidecar.Options;
using Testing;
using Xunit;

namespace Sidecar.Tests.Injection;

public sealed class PodInjectorTests
{
    private static readonly PodSettings Inbound = new() { Roles = ["inbound"] };

    [Theory]
    [InlineData("{hostNetwork: true}", "hostNetwork")]
    [InlineData("{nodeSelector: {kubernetes.io/os: windows}}", "Windows")]
    [InlineData("{os: {name: windows}}", "Windows")]
    public void Inject_APodThatCanHaveNone_IsSkippedOrRefusedIfItAsks(string spec, string reason)
    {
        var skipped = PodInjector.Inject(Pod(spec), Inbound, isJob: false);
        var refused = PodInjector.Inject(Pod(spec, "sidecar.proxy/inject: 'true'"), Inbound, isJob: false);

        Assert.Equal(InjectionOutcome.Skipped, skipped.Outcome);
        Assert.Contains(reason, skipped.Reason, StringComparison.Ordinal);
        Assert.Equal(InjectionOutcome.Refused, refused.Outcome);
        Assert.Contains(reason, Assert.Single(refused.Errors).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void OwnPortsAndUser_AreThoseOfTheSidecarAndOfItsRules()
    {
        var options = new SidecarOptions { Listeners = [] };
        Assert.Equal(Containers.HealthPort, ((IPEndPoint)options.Health.Address).Port);
        Assert.All([((IPEndPoint)options.Metrics.Address).Port, OwnPorts.FirstReserved, OwnPorts.LastReserved, 45000, 45001], port => Assert.True(Containers.UsesPort(port), $"{port}"));
        Assert.All([OwnPorts.FirstReserved - 1, OwnPorts.LastReserved + 1], port => Assert.False(Containers.UsesPort(port), $"{port}"));
        var rules = File.ReadAllText(Path.Combine(Repository.Root, "iptables", "sidecar-iptables"));
        Assert.Contains($"readonly reserved_ports={OwnPorts.FirstReserved}:{OwnPorts.LastReserved}\n", rules, StringComparison.Ordinal);
        Assert.Contains("given[exclude-uids]=${given[exclude-uids]-1337}\n", rules, StringComparison.Ordinal);
        Assert.True(Containers.IsSidecarUser(1337));
    }

    [Theory]
    [InlineData("9000,15021")]
    [InlineData("45001")]
    public void Inject_ThatListsAPortOfTheSidecar_NamesTheAnnotation(string ports)
    {
        var refused = PodInjector.Inject(Pod("{}", $"sidecar.proxy/inbound-ports: '{ports}'"), Inbound, isJob: false);

        Assert.Equal(InjectionOutcome.Refused, refused.Outcome);
        Assert.Contains("annotation sidecar.proxy/inbound-ports", Assert.Single(refused.Errors).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Inject_APodThatWantsNone_IsSkipped() =>
        Assert.Equal(InjectionOutcome.Skipped, PodInjector.Inject(Pod("{}", "sidecar.proxy/inject: 'false'"), Inbound, isJob: false).Outcome);

    [Theory]
    [InlineData("sidecar.proxy/inbound-ports: 9000", "annotation sidecar.proxy/inbound-ports is 9000: text is expected, so write it in quotes")]
    [InlineData("sidecar.proxy/inbound-ports: '9000-9001'", "annotation sidecar.proxy/inbound-ports '9000-9001': a port 1 to 65535 is expected")]
    [InlineData("sidecar.proxy/inbound-ports: '9001:9000'", "annotation sidecar.proxy/inbound-ports '9001:9000': ports with commas are expected, such as 9000,8000:8999, or all")]
    [InlineData("sidecar.proxy/role: both", "annotation sidecar.proxy/role 'both': outbound, inbound, or both with a comma, is expected")]
    [InlineData("sidecar.proxy/role: outbound", "annotation sidecar.proxy/outbound-ports is missing (or --outbound-ports): the ports of services that have an inbound sidecar")]
    [InlineData("sidecar.proxy/oracle: oracle", "annotation sidecar.proxy/oracle 'oracle': host:port is expected, an IPv6 address in brackets")]
    [InlineData("sidecar.proxy/transform: (xor 999)", "annotation sidecar.proxy/transform '(xor 999)': 1:6: a byte 0..255 expected, got 999")]
    [InlineData("sidecar.proxy/transform: nonsense(", "annotation sidecar.proxy/transform 'nonsense(': 1:")]
    [InlineData("sidecar.proxy/memory: 32MB", "annotation sidecar.proxy/memory '32MB': a quantity is expected, such as 50m, 1, 32Mi")]
    [InlineData("sidecar.proxy/container: init", "annotation sidecar.proxy/container 'init': one of native, classic is expected")]
    [InlineData("sidecar.proxy/image: 'a b'", "annotation sidecar.proxy/image 'a b': an image is expected, such as registry.example/sidecar:1.0")]
    [InlineData("sidecar.proxy/config: A", "annotation sidecar.proxy/config 'A': the name of a ConfigMap is expected")]
    [InlineData("sidecar.proxy/inject: 'yes'", "annotation sidecar.proxy/inject 'yes': true or false is expected")]
    [InlineData("sidecar.proxy/ports: '1'", "annotation sidecar.proxy/ports is unknown; known are inject, role, outbound-ports, ")]
    public void Inject_AWrongAnnotation_IsNamed(string annotation, string error)
    {
        var result = PodInjector.Inject(Pod("{}", annotation), Inbound, isJob: false);

        Assert.Equal(InjectionOutcome.Refused, result.Outcome);
        Assert.StartsWith(error, Assert.Single(result.Errors).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{securityContext: {runAsUser: 1337}}", "runAsUser 1337")]
    [InlineData("{containers: [{name: app, ports: [{containerPort: 9000}], securityContext: {runAsUser: 1337}}]}", "runAsUser 1337")]
    [InlineData("{containers: [{name: sidecar, ports: [{containerPort: 9000}]}]}", "a container 'sidecar' exists")]
    [InlineData("{initContainers: [{name: sidecar-iptables}]}", "a container 'sidecar-iptables' exists")]
    [InlineData("{containers: [{name: app, ports: [{containerPort: 15021}]}]}", "port 15021 is one of the sidecar's")]
    [InlineData("{containers: [{name: app, ports: [{containerPort: 45001}]}]}", "port 45001 is one of the sidecar's")]
    [InlineData("{containers: [{name: app}]}", "annotation sidecar.proxy/inbound-ports is missing")]
    [InlineData("{containers: [{name: app, ports: [{containerPort: 9000}], livenessProbe: {httpGet: {port: web}}}]}", "the port \"web\" is unknown")]
    public void Inject_APodInConflictWithASidecar_IsRefused(string spec, string error)
    {
        var pod = Pod(spec);

        var result = PodInjector.Inject(pod, Inbound, isJob: false);

        Assert.Equal(InjectionOutcome.Refused, result.Outcome);
        Assert.Contains(error, Assert.Single(result.Errors).Reason, StringComparison.Ordinal);
        Assert.Empty(pod.Changes);
    }

    [Fact]
    public void Inject_WithoutARole_IsSkippedUnlessAsked()
    {
        Assert.Equal(InjectionOutcome.Skipped, PodInjector.Inject(Pod("{}"), new PodSettings(), isJob: false).Outcome);
        Assert.Equal(InjectionOutcome.Refused, PodInjector.Inject(Pod("{}", "sidecar.proxy/inject: 'true'"), new PodSettings(), isJob: false).Outcome);
        Assert.Equal(InjectionOutcome.Changed, PodInjector.Inject(Pod("{}", "sidecar.proxy/role: inbound"), new PodSettings(), isJob: false).Outcome);
    }

    [Theory]
    [InlineData("httpGet: {port: 9000}", "http://:9000/")]
    [InlineData("httpGet: {port: http, path: /a?b=c}", "http://:9000/a?b=c")]
    [InlineData("httpGet: {port: '9000', path: a, scheme: HTTPS}", "https://:9000/a")]
    [InlineData("httpGet: {port: 9000, host: 'fd00::1'}", "http://[fd00::1]:9000/")]
    [InlineData("tcpSocket: {port: 9000}", "tcp://:9000")]
    [InlineData("grpc: {port: 9000}", "grpc://:9000/")]
    [InlineData("grpc: {port: 9000, service: x.Y}", "grpc://:9000/x.Y")]
    public void Inject_AProbeOfARedirectedPort_BecomesTheSidecars(string handler, string target)
    {
        var pod = Pod($"{{containers: [{{name: my-app, ports: [{{name: http, containerPort: 9000}}], readinessProbe: {{{handler}, periodSeconds: 7}}}}]}}");

        Assert.Equal(InjectionOutcome.Changed, PodInjector.Inject(pod, Inbound, isJob: false).Outcome);

        var probe = pod.At("spec", "containers", "0", "readinessProbe")!;
        Assert.Equal("/probes/my-app-readiness", (string)probe["httpGet"]!["path"]!);
        Assert.Equal(15021, (int)probe["httpGet"]!["port"]!);
        Assert.Equal(["httpGet", "periodSeconds"], probe.AsObject().Select(field => field.Key).Order(StringComparer.Ordinal));
        Assert.Equal(target, Environment(pod)["SIDECAR__PROBES__MY_APP_READINESS"]);
    }

    [Theory]
    [InlineData("exec: {command: [x]}")]
    [InlineData("httpGet: {port: 8080}")]
    public void Inject_AProbeThatNeedsNoSidecar_Stays(string handler)
    {
        var pod = Pod($"{{containers: [{{name: app, ports: [{{containerPort: 9000}}], livenessProbe: {{{handler}}}}}]}}");
        var before = pod.At("spec", "containers", "0")!.DeepClone();

        Assert.Equal(InjectionOutcome.Changed, PodInjector.Inject(pod, Inbound, isJob: false).Outcome);

        Assert.True(JsonNode.DeepEquals(before, pod.At("spec", "containers", "0")));
    }

    [Fact]
    public void Inject_AProbeWithAHost_LetsTheHealthPortTakeTheHost()
    {
        var pod = Pod("{containers: [{name: app, ports: [{containerPort: 9000}], livenessProbe: {httpGet: {port: 9000, httpHeaders: [{name: host, value: a.example}]}}}]}");

        PodInjector.Inject(pod, Inbound, isJob: false);

        Assert.Equal("a.example", Environment(pod)["SIDECAR__HEALTH__HOSTS"]);
    }

    [Fact]
    public void Inject_BothRoles_HasBothRulesAndListeners()
    {
        var pod = Pod("{}", "sidecar.proxy/role: 'outbound,inbound'", "sidecar.proxy/outbound-ports: '9000,8000:8999'", "sidecar.proxy/exclude-inbound-ports: '9001'", "sidecar.proxy/transform: (xor 42)", "sidecar.proxy/cpu-limit: '1'");

        Assert.Equal(InjectionOutcome.Changed, PodInjector.Inject(pod, new PodSettings(), isJob: false).Outcome);

        var init = pod.At("spec", "initContainers")!.AsArray();
        Assert.Equal(
            ["apply", "--outbound-port", "45000", "--outbound-ports", "9000,8000:8999", "--inbound-port", "45001", "--inbound-ports", "9000", "--exclude-inbound-ports", "9001"],
            init[0]!["args"]!.AsArray().Select(word => (string)word!));
        var environment = Environment(pod);
        Assert.Equal(("outbound", "45000", "(xor 42)"), (environment["SIDECAR__LISTENERS__0__ROLE"], environment["SIDECAR__LISTENERS__0__LISTEN"], environment["SIDECAR__LISTENERS__0__TRANSFORM"]));
        Assert.Equal("5s", environment["SIDECAR__DRAIN_DELAY"]);
        Assert.Equal(("inbound", "45001"), (environment["SIDECAR__LISTENERS__1__ROLE"], environment["SIDECAR__LISTENERS__1__LISTEN"]));
        Assert.Equal("1", (string)init[1]!["resources"]!["limits"]!["cpu"]!);
    }

    // A file of the pod's own says it, unless the pod does.
    [Theory]
    [InlineData(null, false, "5s")]
    [InlineData("90s", false, "90s")]
    [InlineData("0s", false, "0s")]
    [InlineData(null, true, null)]
    [InlineData("2s", true, "2s")]
    public void Inject_ADrainDelay_IsThatOfThePod(string? given, bool hasFile, string? expected)
    {
        var pod = Pod("{containers: [{name: app, ports: [{containerPort: 9000}]}]}", given is null ? [] : [$"sidecar.proxy/drain-delay: {given}"]);

        Assert.Equal(InjectionOutcome.Changed, PodInjector.Inject(pod, hasFile ? Inbound with { Config = "settings" } : Inbound, isJob: false).Outcome);

        Assert.Equal(expected, Environment(pod).GetValueOrDefault("SIDECAR__DRAIN_DELAY"));
    }

    [Fact]
    public void Inject_WithKubernetesNames_GivesTheTokenToTheSidecarAlone()
    {
        var pod = Pod("{volumes: [{name: own, emptyDir: {}}], containers: [{name: app, ports: [{containerPort: 9000}]}]}", "sidecar.proxy/kubernetes-names: 'on'");

        Assert.Equal(InjectionOutcome.Changed, PodInjector.Inject(pod, Inbound with { Config = "settings" }, isJob: false).Outcome);

        Assert.Equal("on", Environment(pod)["SIDECAR__KUBERNETES__NAMES"]);
        Assert.Equal(["own", "sidecar-pod", "sidecar-token", "sidecar-config"], Names("spec", "volumes"));
        Assert.Equal(["sidecar-pod", "sidecar-token", "sidecar-config"], Names("spec", "initContainers", "1", "volumeMounts"));
        Assert.Null(pod.At("spec", "initContainers", "0", "volumeMounts"));
        Assert.Null(pod.At("spec", "containers", "0", "volumeMounts"));

        Assert.Equal(InjectionOutcome.Changed, PodInjector.Uninject(pod).Outcome);
        Assert.Equal(["own"], Names("spec", "volumes"));

        IEnumerable<string> Names(params string[] path) => pod.At(path)!.AsArray().Select(item => (string)item!["name"]!);
    }

    [Fact]
    public void Inject_AgainWithOtherSettings_ReplacesTheSidecar()
    {
        var pod = Pod("{containers: [{name: app, ports: [{containerPort: 9000}], livenessProbe: {tcpSocket: {port: 9000}}}]}");
        PodInjector.Inject(pod, Inbound, isJob: false);

        var result = PodInjector.Inject(pod, Inbound with { Image = "other:2", ExcludeInboundPorts = "9000" }, isJob: false);

        Assert.Equal(InjectionOutcome.Changed, result.Outcome);
        Assert.Equal(2, pod.At("spec", "initContainers")!.AsArray().Count);
        Assert.Equal("other:2", (string)pod.At("spec", "initContainers", "1", "image")!);
        Assert.NotNull(pod.At("spec", "containers", "0", "livenessProbe", "tcpSocket"));
    }

    [Fact]
    public void Warnings_OfJobsHooksAndTime()
    {
        var pod = Pod("{terminationGracePeriodSeconds: 5, containers: [{name: app, ports: [{containerPort: 9000}], lifecycle: {preStop: {httpGet: {port: 9000}}}}]}");

        var result = PodInjector.Inject(pod, Inbound with { Container = ContainerKind.Classic }, isJob: true);

        Assert.Equal(InjectionOutcome.Changed, result.Outcome);
        Assert.Equal(3, result.Warnings.Count);
        Assert.Contains("lifecycle.preStop.httpGet", result.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("POST http://127.0.0.1:15000/drain", result.Warnings[1], StringComparison.Ordinal);
        Assert.Contains("terminationGracePeriodSeconds is 5: the sidecar needs 10 s behind the end of the application, for its drain delay and drain time; give at least 15", result.Warnings[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    public void Uninject_WithANoteThatIsNotOurs_IsRefused(string note)
    {
        var pod = Pod("{}", "sidecar.proxy/injected: '0'", $"sidecar.proxy/probes: '{note}'");

        Assert.Contains("cannot be restored", Assert.Single(PodInjector.Uninject(pod).Errors).Reason, StringComparison.Ordinal);
    }

    // A pod with the spec, one container with port 9000 unless the spec has containers, and annotations.
    private static Patch Pod(string spec, params string[] annotations)
    {
        var pod = new Patch(YamlDocument.Read($"{{metadata: {{annotations: {{{string.Join(", ", annotations)}}}}}, spec: {spec}}}", "test").ToJson()!);
        return pod.At("spec", "containers") is null
            ? new Patch(new JsonObject { ["metadata"] = pod.At("metadata")!.DeepClone(), ["spec"] = WithContainer(pod.At("spec")!.AsObject()) })
            : pod;
    }

    private static JsonObject WithContainer(JsonObject spec)
    {
        var copy = spec.DeepClone().AsObject();
        copy["containers"] = new JsonArray(new JsonObject { ["name"] = "app", ["ports"] = new JsonArray(new JsonObject { ["containerPort"] = 9000 }) });
        return copy;
    }

    private static Dictionary<string, string> Environment(Patch pod) =>
        pod.At("spec", "initContainers", "1", "env")!.AsArray().ToDictionary(entry => (string)entry!["name"]!, entry => (string)entry!["value"]!);
}
