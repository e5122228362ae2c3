using System.Text.Json.Nodes;
using Injection.Text;

namespace Injection.Pods;

/// <summary>The containers that a pod gets.</summary>
internal static class Containers
{
    /// <summary>The name of the sidecar's container.</summary>
    public const string Sidecar = "sidecar";

    /// <summary>The name of the init container that sets the rules.</summary>
    public const string Rules = "sidecar-iptables";

    /// <summary>The name of the volume with the configuration.</summary>
    public const string ConfigVolume = "sidecar-config";

    /// <summary>The name of the volume with the pod's labels.</summary>
    public const string PodVolume = "sidecar-pod";

    /// <summary>The name of the volume with the token for the API server.</summary>
    public const string TokenVolume = "sidecar-token";

    /// <summary>The port of <c>/readyz</c>, <c>/healthz</c> and <c>/probes</c>.</summary>
    public const int HealthPort = 15021;

    private const int MetricsPort = 15090;
    private const int OutboundPort = 45000;
    private const int InboundPort = 45001;

    // That of sidecar-iptables' --exclude-uids.
    private const int User = 1337;

    private const string ConfigFolder = "/etc/sidecar";

    // Where programs look for them.
    private const string PodFolder = "/etc/podinfo";
    private const string TokenFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    // The pod's names, by the downward API.
    private static readonly (string Variable, string Field)[] PodFields =
    [
        ("POD_NAME", "metadata.name"), ("POD_NAMESPACE", "metadata.namespace"), ("POD_SERVICE_ACCOUNT", "spec.serviceAccountName"), ("NODE_NAME", "spec.nodeName"),
    ];

    /// <summary>The list of ordinary containers in a pod's spec.</summary>
    public const string Ordinary = "containers";

    private static readonly string[] Lists = [Ordinary, "initContainers"];

    /// <summary>The ports that the sidecar uses, in words.</summary>
    public const string OwnPorts = "15000-15099, 45000, 45001";

    /// <summary>The containers of a pod, ordinary ones first, with their list and index in the pod template.</summary>
    public static IEnumerable<(string List, int Index, JsonObject Container)> Of(Patch pod) =>
        from list in Lists
        from entry in pod.At("spec", list).Items().Index()
        let container = entry.Item.Mapping()
        where container is not null
        select (list, entry.Index, container);

    /// <summary>Whether the sidecar uses a port of the pod itself.</summary>
    public static bool UsesPort(int port) => port is (>= 15000 and <= 15099) or OutboundPort or InboundPort;

    /// <summary>Whether a process of this user is taken for the sidecar, so that its connections are not redirected.</summary>
    public static bool IsSidecarUser(long user) => user == User;

    /// <summary>The init container that sets the rules: the only one with capabilities.</summary>
    public static JsonObject RulesOf(PodSettings pod) => new()
    {
        ["name"] = Rules,
        ["image"] = pod.IptablesImage,
        ["args"] = new JsonArray([.. Arguments(pod).Select(word => (JsonNode)word)]),
        ["securityContext"] = new JsonObject
        {
            ["runAsUser"] = 0,
            ["runAsGroup"] = 0,
            ["runAsNonRoot"] = false,
            ["allowPrivilegeEscalation"] = false,
            ["readOnlyRootFilesystem"] = true,
            ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL"), ["add"] = new JsonArray("NET_ADMIN", "NET_RAW") },
            ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        },
        ["resources"] = new JsonObject
        {
            ["requests"] = new JsonObject { ["cpu"] = "10m", ["memory"] = "16Mi" },
            ["limits"] = new JsonObject { ["memory"] = "32Mi" },
        },
    };

    /// <summary>The sidecar.</summary>
    /// <param name="pod">The settings.</param>
    /// <param name="probes">The probes that it performs.</param>
    public static JsonObject SidecarOf(PodSettings pod, RewrittenProbes probes)
    {
        var sidecar = new JsonObject { ["name"] = Sidecar, ["image"] = pod.Image };
        if (pod.Container == ContainerKind.Native)
            sidecar["restartPolicy"] = "Always";
        if (pod.Config is not null)
            sidecar["args"] = new JsonArray("--config", $"{ConfigFolder}/sidecar.yaml");
        sidecar["env"] = new JsonArray([
            .. Environment(pod).Concat(Environment(probes)).Select(entry => new JsonObject { ["name"] = entry.Key, ["value"] = entry.Value }),
            .. PodFields.Select(entry => new JsonObject { ["name"] = entry.Variable, ["valueFrom"] = Field(entry.Field) }),
        ]);
        sidecar["ports"] = new JsonArray(Port("sidecar-health", HealthPort), Port("sidecar-metrics", MetricsPort));
        sidecar["startupProbe"] = Probe("/readyz", 1, failures: 60);
        sidecar["readinessProbe"] = Probe("/readyz", 5);
        sidecar["livenessProbe"] = Probe("/healthz", 10);
        if (pod.Container == ContainerKind.Classic)
            sidecar["lifecycle"] = new JsonObject { ["postStart"] = Run("wait", "ready"), ["preStop"] = Run("wait", "15s") };
        sidecar["securityContext"] = new JsonObject
        {
            ["runAsUser"] = User,
            ["runAsGroup"] = User,
            ["runAsNonRoot"] = true,
            ["allowPrivilegeEscalation"] = false,
            ["readOnlyRootFilesystem"] = true,
            ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
            ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        };
        sidecar["resources"] = new JsonObject { ["requests"] = Quantities(pod.Cpu, pod.Memory), ["limits"] = Quantities(pod.CpuLimit, pod.MemoryLimit) };
        sidecar["volumeMounts"] = new JsonArray([.. Volumes(pod).Select(volume => new JsonObject { ["name"] = (string)volume.Volume["name"]!, ["mountPath"] = volume.Folder, ["readOnly"] = true })]);
        return sidecar;
    }

    /// <summary>The volumes of the sidecar.</summary>
    public static IEnumerable<JsonObject> VolumesOf(PodSettings pod) => Volumes(pod).Select(volume => volume.Volume);

    private static IEnumerable<(JsonObject Volume, string Folder)> Volumes(PodSettings pod)
    {
        yield return (new JsonObject { ["name"] = PodVolume, ["downwardAPI"] = new JsonObject { ["items"] = new JsonArray(LabelsFile()) } }, PodFolder);
        if (pod.KubernetesNames == "on")
            yield return (TokenOf(), TokenFolder);
        if (pod.Config is { } config)
            yield return (new JsonObject { ["name"] = ConfigVolume, ["configMap"] = new JsonObject { ["name"] = config } }, ConfigFolder);
    }

    // As Kubernetes itself would mount it, but for the sidecar alone.
    private static JsonObject TokenOf() => new()
    {
        ["name"] = TokenVolume,
        ["projected"] = new JsonObject
        {
            ["sources"] = new JsonArray(
                new JsonObject { ["serviceAccountToken"] = new JsonObject { ["path"] = "token", ["expirationSeconds"] = 3600 } },
                new JsonObject { ["configMap"] = new JsonObject { ["name"] = "kube-root-ca.crt", ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }) } }),
        },
    };

    private static JsonObject LabelsFile()
    {
        var file = Field("metadata.labels");
        file["path"] = "labels";
        return file;
    }

    private static JsonObject Field(string path) => new() { ["fieldRef"] = new JsonObject { ["fieldPath"] = path } };

    private static IEnumerable<string> Arguments(PodSettings pod)
    {
        yield return "apply";
        (string Option, string? Value)[] options =
        [
            ("--outbound-port", pod.IsOutbound ? $"{OutboundPort}" : null),
            ("--outbound-ports", pod.IsOutbound ? pod.OutboundPorts : null),
            ("--exclude-outbound-ports", pod.IsOutbound ? pod.ExcludeOutboundPorts : null),
            ("--inbound-port", pod.IsInbound ? $"{InboundPort}" : null),
            ("--inbound-ports", pod.IsInbound ? pod.InboundPorts : null),
            ("--exclude-inbound-ports", pod.IsInbound ? pod.ExcludeInboundPorts : null),
        ];
        foreach (var (option, value) in options)
        {
            if (value is null)
                continue;
            yield return option;
            yield return value;
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Environment(PodSettings pod)
    {
        if (pod.KubernetesNames is { } names)
            yield return KeyValuePair.Create("SIDECAR__KUBERNETES__NAMES", names);
        if (pod.Config is null)
        {
            foreach (var entry in ListenersOf(pod))
                yield return entry;
        }

        if (pod.DrainDelay is { } delay)
            yield return KeyValuePair.Create("SIDECAR__DRAIN_DELAY", delay);
    }

    private static IEnumerable<KeyValuePair<string, string>> ListenersOf(PodSettings pod)
    {
        for (var i = 0; i < pod.Roles.Count; i++)
        {
            yield return KeyValuePair.Create($"SIDECAR__LISTENERS__{i}__ROLE", pod.Roles[i]);
            yield return KeyValuePair.Create($"SIDECAR__LISTENERS__{i}__LISTEN", $"{(pod.Roles[i] == "outbound" ? OutboundPort : InboundPort)}");
            if (pod.Transform is { } transform)
                yield return KeyValuePair.Create($"SIDECAR__LISTENERS__{i}__TRANSFORM", transform);
        }

        if (pod.Oracle is { } oracle)
            yield return KeyValuePair.Create("SIDECAR__ORACLE__ADDRESS", oracle);
    }

    private static IEnumerable<KeyValuePair<string, string>> Environment(RewrittenProbes probes)
    {
        foreach (var (name, target) in probes.Targets)
            yield return KeyValuePair.Create($"SIDECAR__PROBES__{name.ToUpperInvariant().Replace('-', '_')}", target);
        if (probes.Hosts.Count > 0)
            yield return KeyValuePair.Create("SIDECAR__HEALTH__HOSTS", string.Join(',', probes.Hosts));
    }

    private static JsonObject Port(string name, int port) => new() { ["name"] = name, ["containerPort"] = port };

    private static JsonObject Probe(string path, int period, int? failures = null)
    {
        var probe = new JsonObject { ["httpGet"] = new JsonObject { ["path"] = path, ["port"] = HealthPort }, ["periodSeconds"] = period };
        if (failures is { } count)
            probe["failureThreshold"] = count;
        return probe;
    }

    private static JsonObject Run(params string[] words) =>
        new() { ["exec"] = new JsonObject { ["command"] = new JsonArray([.. words.Prepend("/app/Sidecar").Select(word => (JsonNode)word)]) } };

    private static JsonObject Quantities(string? cpu, string memory)
    {
        var quantities = new JsonObject();
        if (cpu is not null)
            quantities["cpu"] = cpu;
        quantities["memory"] = memory;
        return quantities;
    }
}
