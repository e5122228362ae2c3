using Testing;
using YamlDotNet.RepresentationModel;

namespace Sidecar.Tests.Pods;

/// <summary>
/// The demo's manifests (k8s/base over k8s/application) as pods that podman 4 understands: it knows neither native sidecars nor Services
/// nor HTTP probes nor the downward API, and gives init containers of a Deployment the restart policy of the others.
/// </summary>
internal static class PodManifests
{
    private static readonly string[] Probes = ["startupProbe", "readinessProbe", "livenessProbe"];

    /// <summary>The pod of a Deployment, ready for <c>podman kube play</c>.</summary>
    /// <param name="deployment">The Deployment's name.</param>
    /// <param name="name">The pod's name, by which other pods find it.</param>
    /// <param name="sidecarMemory">The memory that a sidecar gets: <c>32Mi</c>.</param>
    /// <param name="change">Changes words of the text.</param>
    public static string Pod(string deployment, string name, string sidecarMemory, Func<string, string>? change = null)
    {
        var spec = (YamlMappingNode)Deployment(deployment)["spec"]["template"]["spec"];
        var containers = Containers(spec, "initContainers").Where(IsSidecar).Concat(Containers(spec, "containers")).ToList();
        var initContainers = Containers(spec, "initContainers").Where(container => !IsSidecar(container)).ToList();
        foreach (var container in containers)
            Simplify(container);
        foreach (var sidecar in containers.Where(container => NameOf(container) == "sidecar"))
        {
            ((YamlMappingNode)sidecar["resources"]["limits"]).Children["memory"] = sidecarMemory;
            sidecar.Children.Remove("volumeMounts");
        }

        if (spec.Children.TryGetValue("volumes", out var volumes))
            spec.Children["volumes"] = new YamlSequenceNode(((YamlSequenceNode)volumes).Where(volume => !((YamlMappingNode)volume).Children.ContainsKey("downwardAPI")));
        spec.Children["containers"] = new YamlSequenceNode(containers);
        spec.Children["initContainers"] = new YamlSequenceNode(initContainers);
        // Under Always podman starts the init containers again and again.
        spec.Children["restartPolicy"] = "OnFailure";
        var pod = new YamlMappingNode { { "apiVersion", "v1" }, { "kind", "Pod" }, { "metadata", new YamlMappingNode { { "name", name } } }, { "spec", spec } };
        var text = Text(pod);
        return change is null ? text : change(text);
    }

    /// <summary>A pod in which a Deployment's own init container, with all its rights, runs another command once.</summary>
    public static string InitContainer(string deployment, string name, params IEnumerable<string> command)
    {
        var container = Containers((YamlMappingNode)Deployment(deployment)["spec"]["template"]["spec"], "initContainers").First(container => !IsSidecar(container));
        container.Children["command"] = new YamlSequenceNode(command.Select(word => new YamlScalarNode(word)));
        container.Children.Remove("args");
        return Text(new YamlMappingNode
        {
            { "apiVersion", "v1" }, { "kind", "Pod" }, { "metadata", new YamlMappingNode { { "name", name } } },
            { "spec", new YamlMappingNode { { "restartPolicy", "Never" }, { "containers", new YamlSequenceNode(container) } } },
        });
    }

    /// <summary>
    /// What <c>podman run</c> is told to run the container of a DaemonSet with the rights, host folders and limits that it declares, and the
    /// folder of its ConfigMap.
    /// </summary>
    /// <param name="file">The manifest.</param>
    /// <param name="address">The address of the node.</param>
    /// <param name="config">The folder in place of the ConfigMap.</param>
    public static IReadOnlyList<string> OfNode(string file, string address, string config)
    {
        var spec = (YamlMappingNode)Read(file).Single()["spec"]["template"]["spec"];
        var container = Containers(spec, "containers").Single();
        var (own, ofPod) = (container["securityContext"], spec["securityContext"]);
        var volumes = ((YamlSequenceNode)spec["volumes"]).Cast<YamlMappingNode>().ToDictionary(NameOf);
        List<string> words = ["--user", $"{ofPod["runAsUser"]}:{ofPod["runAsGroup"]}"];
        Add(Is(spec, "hostNetwork"), "--network", "host");
        Add(Is(spec, "hostPID"), "--pid", "host");
        // podman would mount file systems in memory over /tmp and /run.
        Add(Is(own, "readOnlyRootFilesystem"), "--read-only", "--read-only-tmpfs=false");
        Add(!Is(own, "allowPrivilegeEscalation"), "--security-opt", "no-new-privileges");
        Add(Value(ofPod["seccompProfile"]["type"]) == "Unconfined", "--security-opt", "seccomp=unconfined");
        words.AddRange(Words(own["capabilities"]["drop"]).SelectMany(name => new[] { "--cap-drop", name }));
        words.AddRange(Words(own["capabilities"]["add"]).SelectMany(name => new[] { "--cap-add", name }));
        words.AddRange(["--memory", Value(container["resources"]["limits"]["memory"]).Replace("Mi", "m", StringComparison.Ordinal)]);
        foreach (var variable in ((YamlSequenceNode)container["env"]).Cast<YamlMappingNode>().Where(variable => variable.Children.ContainsKey("value")))
            words.AddRange(["--env", $"{NameOf(variable)}={Value(variable["value"]).Replace("$(NODE_ADDRESS)", address, StringComparison.Ordinal)}"]);
        foreach (var mount in ((YamlSequenceNode)container["volumeMounts"]).Cast<YamlMappingNode>())
        {
            var source = volumes[NameOf(mount)].Children.TryGetValue("hostPath", out var host) ? Value(host["path"]) : config;
            words.AddRange(["--volume", $"{source}:{mount["mountPath"]}{(Is(mount, "readOnly") ? ":ro" : "")}"]);
        }

        return [.. words, Value(container["image"]), .. Words(container["args"])];

        void Add(bool isWanted, params string[] more) => words.AddRange(isWanted ? more : []);
        bool Is(YamlNode node, string key) => ((YamlMappingNode)node).Children.TryGetValue(key, out var value) && Value(value) == "true";
        IEnumerable<string> Words(YamlNode list) => ((YamlSequenceNode)list).Select(Value);
    }

    /// <summary>The Oracle's policy, where its Deployment mounts it.</summary>
    public static string Policy()
    {
        var text = File.ReadAllText(PathOf("application/policy.yml"));
        return Text(new YamlMappingNode
        {
            { "apiVersion", "v1" }, { "kind", "ConfigMap" }, { "metadata", new YamlMappingNode { { "name", "oracle-policy" } } },
            { "data", new YamlMappingNode { { "policy.yml", text } } },
        });
    }

    private static YamlNode Deployment(string name)
    {
        var deployment = Read("application/deployment.yml").First(document => NameOf(document["metadata"]) == name);
        foreach (var patch in Read("base/deployment.yml").Where(document => NameOf(document["metadata"]) == name))
            Merge((YamlMappingNode)deployment, (YamlMappingNode)patch);
        return deployment;
    }

    // As a strategic merge, of which kustomize does more.
    private static void Merge(YamlMappingNode into, YamlMappingNode patch)
    {
        foreach (var (key, value) in patch.Children)
        {
            if (!into.Children.TryGetValue(key, out var old))
                into.Add(key, value);
            else if (old is YamlMappingNode mapping)
                Merge(mapping, (YamlMappingNode)value);
            else if (old is YamlSequenceNode list && list.Children.All(item => item is YamlMappingNode))
                MergeByName(list, (YamlSequenceNode)value);
            else
                into.Children[key] = value;
        }
    }

    private static void MergeByName(YamlSequenceNode list, YamlSequenceNode patch)
    {
        foreach (var item in patch.Children.Cast<YamlMappingNode>())
        {
            if (list.Children.FirstOrDefault(old => NameOf(old) == NameOf(item)) is YamlMappingNode same)
                Merge(same, item);
            else
                list.Add(item);
        }
    }

    private static void Simplify(YamlMappingNode container)
    {
        container.Children.Remove("restartPolicy");
        // podman 4 would take each port of this machine.
        container.Children.Remove("ports");
        foreach (var probe in Probes)
            container.Children.Remove(probe);
        // Probes that the sidecar makes belong to them.
        if (container.Children.TryGetValue("env", out var variables))
            container.Children["env"] = new YamlSequenceNode(((YamlSequenceNode)variables).Where(
                variable => !NameOf(variable).StartsWith("SIDECAR__PROBES__", StringComparison.Ordinal) && ((YamlMappingNode)variable).Children.ContainsKey("value")));
    }

    private static bool IsSidecar(YamlMappingNode container) => container.Children.ContainsKey("restartPolicy");

    private static IEnumerable<YamlMappingNode> Containers(YamlMappingNode spec, string key) =>
        spec.Children.TryGetValue(key, out var list) ? ((YamlSequenceNode)list).Cast<YamlMappingNode>() : [];

    private static string NameOf(YamlNode node) => Value(node["name"]);

    private static string Value(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static IEnumerable<YamlNode> Read(string file)
    {
        using var reader = File.OpenText(PathOf(file));
        var stream = new YamlStream();
        stream.Load(reader);
        return stream.Documents.Select(document => document.RootNode);
    }

    private static string PathOf(string file) => Path.Combine(Repository.Root, "k8s", file);

    private static string Text(YamlNode node)
    {
        using var writer = new StringWriter();
        new YamlStream(new YamlDocument(node)).Save(writer, assignAnchors: false);
        return writer.ToString().Replace("\n...", "\n---", StringComparison.Ordinal);
    }
}
