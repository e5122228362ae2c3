using System.Text.Json;
using System.Text.Json.Nodes;
using Chassis;
using Injection.Text;

namespace Injection.Pods;

/// <summary>Adds a sidecar to a pod template, or removes it.</summary>
internal static class PodInjector
{
    // The sidecar ends its connections within its drain time of 5 s, which begins after the drain delay. The application needs some time too.
    private const int DrainSeconds = 5;
    private const int ApplicationSeconds = 5;

    /// <summary>Adds a sidecar. A pod that has one gets the one that it should have now.</summary>
    /// <param name="pod">The pod template.</param>
    /// <param name="defaults">The settings that no annotation gives.</param>
    /// <param name="isJob">Whether the pod has to end by itself.</param>
    public static InjectionResult Inject(Patch pod, PodSettings defaults, bool isJob)
    {
        var errors = new List<PodError>();
        var annotations = ReadAnnotations(pod, errors);
        if (annotations.GetValueOrDefault(PodSettings.Inject) == "false")
            return new(InjectionOutcome.Skipped, $"annotation {PodSettings.Inject} is false");
        var settings = ReadSettings(annotations, defaults, errors);
        if (errors.Count > 0)
            return InjectionResult.Refused(errors);
        var isAsked = annotations.ContainsKey(PodSettings.Inject) || annotations.ContainsKey(PodSettings.Prefix + "role");
        if (Impossible(pod) is { } reason)
            return isAsked ? InjectionResult.Refused(reason) : new(InjectionOutcome.Skipped, reason.Reason);
        if (settings.Roles.Count == 0)
        {
            var missing = $"the role is missing: annotation {PodSettings.Prefix}role, or --role";
            return isAsked ? InjectionResult.Refused(new PodError(AnnotationsPath, missing)) : new(InjectionOutcome.Skipped, missing);
        }

        // In a copy first, so that a pod that needs no change gets none.
        var copy = new Patch(pod.Part);
        var result = Replace(copy, settings, isJob);
        if (result.Outcome != InjectionOutcome.Changed)
            return result;
        return JsonNode.DeepEquals(copy.Root, pod.Part) ? new(InjectionOutcome.Unchanged, "it has this sidecar") : Replace(pod, settings, isJob);
    }

    /// <summary>Removes what an injection has added.</summary>
    public static InjectionResult Uninject(Patch pod)
    {
        if (pod.At(Annotation(PodSettings.Injected)) is null)
            return new(InjectionOutcome.Unchanged, "it has no injected sidecar");
        var errors = new List<PodError>();
        Remove(pod, errors);
        return errors.Count > 0 ? InjectionResult.Refused(errors) : new(InjectionOutcome.Changed, "removed the sidecar");
    }

    private static string[] AnnotationsPath => ["metadata", "annotations"];

    private static string[] Annotation(string name) => [.. AnnotationsPath, name];

    private static InjectionResult Replace(Patch pod, PodSettings settings, bool isJob)
    {
        var errors = new List<PodError>();
        if (pod.At(Annotation(PodSettings.Injected)) is not null)
            Remove(pod, errors);
        settings = WithPorts(pod, settings, errors);
        errors.AddRange(Conflicts(pod));
        if (errors.Count > 0)
            return InjectionResult.Refused(errors);
        List<string> warnings = [.. ProbeRewrite.Hooks(pod, settings), .. Warnings(pod, settings, isJob)];
        pod.Set(Annotation(PodSettings.Injected), PodSettings.Version, before: "spec");
        var probes = ProbeRewrite.Rewrite(pod, settings, errors);
        if (errors.Count > 0)
            return InjectionResult.Refused(errors);
        var (rules, sidecar) = (Containers.RulesOf(settings), Containers.SidecarOf(settings, probes));
        if (settings.Container == ContainerKind.Native)
        {
            // Before all others, so that their connections go through the sidecar too.
            pod.Insert(["spec", "initContainers"], 0, [rules, sidecar], before: "containers");
        }
        else
        {
            // Behind all others, which would find the rules, but no sidecar.
            pod.Insert(["spec", "initContainers"], pod.At("spec", "initContainers").Items().Count, [rules], before: "containers");
            pod.Insert(["spec", "containers"], 0, [sidecar], before: "containers");
        }

        pod.Insert(["spec", "volumes"], pod.At("spec", "volumes").Items().Count, [.. Containers.VolumesOf(settings)]);
        return new(InjectionOutcome.Changed, "added a sidecar") { Warnings = warnings };
    }

    private static void Remove(Patch pod, List<PodError> errors)
    {
        ProbeRewrite.Restore(pod, errors);
        foreach (var (list, name) in new[] { ("containers", Containers.Sidecar), ("initContainers", Containers.Sidecar), ("initContainers", Containers.Rules), ("volumes", Containers.PodVolume), ("volumes", Containers.TokenVolume), ("volumes", Containers.ConfigVolume) })
        {
            var index = pod.At("spec", list).Items().ToList().FindIndex(item => item.Mapping()?["name"].Text() == name);
            if (index >= 0)
                pod.Remove(["spec", list, $"{index}"]);
        }

        pod.Remove(Annotation(PodSettings.Injected));
    }

    private static Dictionary<string, string> ReadAnnotations(Patch pod, List<PodError> errors)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in pod.At(AnnotationsPath) as JsonObject ?? [])
        {
            if (!name.StartsWith(PodSettings.Prefix, StringComparison.Ordinal))
                continue;
            if (value.Text() is { } text)
                found.Add(name, text);
            else
                errors.Add(new PodError(Annotation(name), $"annotation {name} is {value?.ToJsonString() ?? "empty"}: text is expected, so write it in quotes"));
        }

        return found;
    }

    private static PodSettings ReadSettings(Dictionary<string, string> annotations, PodSettings defaults, List<PodError> errors)
    {
        var settings = defaults;
        foreach (var (name, text) in annotations)
        {
            if (name is PodSettings.Injected or PodSettings.Probes)
                continue;
            try
            {
                // One with "false" has left before.
                if (name == PodSettings.Inject && text != "true")
                    throw new FormatException("true or false is expected");
                if (name == PodSettings.Inject)
                    continue;
                if (PodSettings.All.FirstOrDefault(setting => PodSettings.Prefix + setting.Name == name) is { } setting)
                    settings = setting.Apply(settings, text);
                else
                    errors.Add(new PodError(Annotation(name), $"annotation {name} is unknown; known are {string.Join(", ", PodSettings.All.Select(known => known.Name).Prepend("inject"))}"));
            }
            catch (FormatException expected)
            {
                errors.Add(new PodError(Annotation(name), $"annotation {name} '{OneLine.Of(text)}': {expected.Message}"));
            }
        }

        return settings;
    }

    private static PodError? Impossible(Patch pod)
    {
        if (pod.At("spec", "hostNetwork")?.GetValueKind() == JsonValueKind.True)
            return new PodError(["spec", "hostNetwork"], "hostNetwork: the rules would redirect the connections of the whole node");
        if (pod.At("spec", "os", "name").Text() == "windows" || pod.At("spec", "nodeSelector", "kubernetes.io/os").Text() == "windows")
            return new PodError(["spec", "nodeSelector"], "the pod is for Windows, and iptables exists only on Linux");
        return null;
    }

    private static PodSettings WithPorts(Patch pod, PodSettings settings, List<PodError> errors)
    {
        if (settings is { IsOutbound: true, OutboundPorts: null })
            errors.Add(new PodError(AnnotationsPath, $"annotation {PodSettings.Prefix}outbound-ports is missing (or --outbound-ports): the ports of services that have an inbound sidecar"));
        if (settings is not { IsInbound: true, InboundPorts: null })
            return settings;
        int[] ports = [.. ContainerPorts(pod).Select(port => port.Number).Distinct()];
        if (ports.Length > 0 && ports.All(port => port is > 0 and <= ushort.MaxValue))
            return settings with { InboundPorts = string.Join(',', ports) };
        errors.Add(new PodError(AnnotationsPath, $"annotation {PodSettings.Prefix}inbound-ports is missing (or --inbound-ports), and no container names a port from 1 to 65535"));
        return settings;
    }

    private static IEnumerable<PodError> Conflicts(Patch pod)
    {
        foreach (var (list, index, container) in Containers.Of(pod))
        {
            if (container["name"].Text() is Containers.Sidecar or Containers.Rules)
                yield return new PodError(["spec", list, $"{index}", "name"], $"a container '{container["name"].Text()}' exists that no injection has added; rename it");
            if (IsSidecarUser(container["securityContext"]))
                yield return new PodError(["spec", list, $"{index}", "securityContext", "runAsUser"], "runAsUser 1337 is the sidecar's user: connections of this container would pass it by; choose another");
        }

        if (IsSidecarUser(pod.At("spec", "securityContext")))
            yield return new PodError(["spec", "securityContext", "runAsUser"], "runAsUser 1337 is the sidecar's user: connections of the application would pass it by; choose another");
        foreach (var (path, number) in ContainerPorts(pod).Where(port => Containers.UsesPort(port.Number)))
            yield return new PodError(path, $"port {number} is one of the sidecar's ({Containers.OwnPorts}); choose another");
    }

    private static IEnumerable<string> Warnings(Patch pod, PodSettings settings, bool isJob)
    {
        if (isJob && settings.Container == ContainerKind.Classic)
            yield return "a classic sidecar keeps the Job running: end it as the last step of the main container, by POST http://127.0.0.1:15000/drain";
        var needed = settings.DrainDelaySeconds + DrainSeconds;
        if (pod.At("spec", "terminationGracePeriodSeconds").Number() is { } seconds && seconds < needed + ApplicationSeconds)
            yield return $"terminationGracePeriodSeconds is {seconds}: the sidecar needs {needed} s behind the end of the application, for its drain delay and drain time; give at least {needed + ApplicationSeconds}";
    }

    private static IEnumerable<(IReadOnlyList<string> Path, int Number)> ContainerPorts(Patch pod) =>
        from entry in Containers.Of(pod)
        where entry.List == Containers.Ordinary
        from declared in entry.Container["ports"].Items().Index()
        let port = declared.Item.Mapping()
        where port is not null && (port["protocol"].Text() ?? "TCP") == "TCP"
        let number = port["containerPort"].Number()
        where number is not null
        select ((IReadOnlyList<string>)["spec", entry.List, $"{entry.Index}", "ports", $"{declared.Index}", "containerPort"], (int)number);

    private static bool IsSidecarUser(JsonNode? context) =>
        context.Mapping()?["runAsUser"].Number() is { } user && Containers.IsSidecarUser(user);
}
