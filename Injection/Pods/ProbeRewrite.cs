using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Injection.Text;

namespace Injection.Pods;

/// <summary>
/// Leads the kubelet's probes of redirected ports to the sidecar's health port. The kubelet does not speak to sidecars, so its HTTP
/// and gRPC probes would always fail; its TCP probes would never fail, because the sidecar accepts them.
/// </summary>
internal static class ProbeRewrite
{
    private static readonly (string Key, string Name)[] Kinds = [("startupProbe", "startup"), ("livenessProbe", "liveness"), ("readinessProbe", "readiness")];
    private static readonly string[] Handlers = ["httpGet", "tcpSocket", "grpc"];

    // Other fields, such as httpHeaders, stay: the kubelet sends them to the sidecar, and the sidecar passes them on.
    private static readonly string[] RewrittenFields = ["path", "port", "scheme", "host"];

    /// <summary>Rewrites the probes, and notes their old form in an annotation.</summary>
    /// <returns>What the sidecar must know of them.</returns>
    public static RewrittenProbes Rewrite(Patch pod, PodSettings settings, List<PodError> errors)
    {
        var (targets, hosts, originals) = (new List<KeyValuePair<string, string>>(), new List<string>(), new JsonObject());
        foreach (var (path, container, kind) in Probes(pod))
        {
            if (Handlers.FirstOrDefault(handler => (pod.At(path) as JsonObject)?[handler] is JsonObject) is not { } handler)
                continue;
            var original = (JsonObject)pod.At([.. path, handler])!;
            if (PortOf(original["port"], (JsonObject)pod.At([.. path.SkipLast(1)])!) is not { } port)
            {
                errors.Add(new PodError([.. path, handler], $"the port {original["port"]?.ToJsonString() ?? "of the probe"} is unknown: a number, or the name of a port of the container, is expected"));
                continue;
            }

            if (!settings.TakesInbound(port))
                continue;
            var name = $"{container}-{kind}";
            targets.Add(KeyValuePair.Create(name, Target(handler, original, port)));
            hosts.AddRange(original["httpHeaders"].Items().Where(IsHost).Select(header => header.Mapping()?["value"].Text()).OfType<string>());
            originals[name] = new JsonObject { [handler] = original.DeepClone() };
            Lead(pod, path, handler, name);
        }

        if (originals.Count > 0)
            pod.Set(["metadata", "annotations", PodSettings.Probes], originals.ToJsonString());
        return new RewrittenProbes(targets, [.. hosts.Distinct()]);
    }

    /// <summary>Gives the probes their old form again.</summary>
    public static void Restore(Patch pod, List<PodError> errors)
    {
        string[] annotation = ["metadata", "annotations", PodSettings.Probes];
        if (pod.At(annotation) is not { } noted)
            return;
        if (Parse(noted) is not { } originals)
        {
            errors.Add(new PodError(annotation, $"annotation {PodSettings.Probes}: the probes cannot be restored, because this is not what an injection wrote; restore it or the probes by hand"));
            return;
        }

        foreach (var (path, container, kind) in Probes(pod))
        {
            if (originals[$"{container}-{kind}"] is not JsonObject { Count: 1 } original || pod.At([.. path, "httpGet"]) is not JsonObject)
                continue;
            var (handler, fields) = (original.First().Key, (JsonObject)original.First().Value!);
            if (handler != "httpGet")
            {
                pod.Rename([.. path, "httpGet"], handler, fields.DeepClone());
                continue;
            }

            foreach (var field in RewrittenFields)
            {
                if (fields[field] is { } value)
                    Set(pod, [.. path, "httpGet", field], value.DeepClone());
                else
                    pod.Remove([.. path, "httpGet", field]);
            }
        }

        pod.Remove(annotation);
    }

    /// <summary>Hooks of containers that the kubelet sends to a redirected port. They cannot be rewritten, because they are no probes.</summary>
    public static IEnumerable<string> Hooks(Patch pod, PodSettings settings)
    {
        foreach (var (path, container) in ContainersOf(pod))
        {
            foreach (var hook in new[] { "postStart", "preStop" })
            {
                if (pod.At([.. path, "lifecycle", hook]) is JsonObject handlers
                    && Handlers.FirstOrDefault(handler => handlers[handler] is JsonObject) is { } handler
                    && PortOf(handlers[handler]!["port"], (JsonObject)pod.At(path)!) is { } port && settings.TakesInbound(port))
                    yield return $"container {container}: lifecycle.{hook}.{handler} goes to port {port}, where the sidecar refuses it; use exec, or exclude the port by {PodSettings.Prefix}exclude-inbound-ports";
            }
        }
    }

    private static void Lead(Patch pod, IReadOnlyList<string> path, string handler, string name)
    {
        if (handler != "httpGet")
        {
            pod.Rename([.. path, handler], "httpGet", new JsonObject { ["path"] = $"/probes/{name}", ["port"] = Containers.HealthPort });
            return;
        }

        pod.Set([.. path, handler, "path"], $"/probes/{name}", before: "port");
        pod.Set([.. path, handler, "port"], Containers.HealthPort);
        pod.Remove([.. path, handler, "scheme"]);
        pod.Remove([.. path, handler, "host"]);
    }

    private static void Set(Patch pod, IReadOnlyList<string> path, JsonNode value)
    {
        if (!JsonNode.DeepEquals(pod.At(path), value))
            pod.Set(path, value);
    }

    // A target without a host is the address at which the kubelet reached the sidecar, which is the pod's.
    private static string Target(string handler, JsonObject probe, int port)
    {
        var host = probe["host"].Text() is { Length: > 0 } name ? name.Contains(':', StringComparison.Ordinal) ? $"[{name}]" : name : "";
        return handler switch
        {
            "tcpSocket" => $"tcp://{host}:{port}",
            "grpc" => $"grpc://{host}:{port}/{probe["service"].Text()}",
            _ => $"{(probe["scheme"].Text() ?? "http").ToLowerInvariant()}://{host}:{port}/{probe["path"].Text()?.TrimStart('/')}",
        };
    }

    private static int? PortOf(JsonNode? port, JsonObject container)
    {
        if (port.Number() is { } number)
            return (int)number;
        if (port.Text() is not { } name)
            return null;
        // "80" is a number for Kubernetes too.
        return int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var written)
            ? written
            : (int?)container["ports"].Items().Select(entry => entry.Mapping()).FirstOrDefault(entry => entry?["name"].Text() == name)?["containerPort"].Number();
    }

    private static IEnumerable<(IReadOnlyList<string> Path, string Container, string Kind)> Probes(Patch pod) =>
        [.. ContainersOf(pod).SelectMany(container => Kinds.Where(kind => pod.At([.. container.Path, kind.Key]) is JsonObject)
            .Select(kind => ((IReadOnlyList<string>)[.. container.Path, kind.Key], container.Name, kind.Name)))];

    private static IEnumerable<(IReadOnlyList<string> Path, string Name)> ContainersOf(Patch pod) =>
        from entry in Containers.Of(pod)
        let name = entry.Container["name"].Text()
        where name is not null and not Containers.Sidecar
        select ((IReadOnlyList<string>)["spec", entry.List, $"{entry.Index}"], name);

    private static bool IsHost(JsonNode? header) => string.Equals(header.Mapping()?["name"].Text(), "Host", StringComparison.OrdinalIgnoreCase);

    private static JsonObject? Parse(JsonNode noted)
    {
        try
        {
            return noted.Text() is { } text ? JsonNode.Parse(text) as JsonObject : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

}

/// <summary>What a sidecar must know of the probes that it performs.</summary>
/// <param name="Targets">Name and target of each.</param>
/// <param name="Hosts">Host names that their requests can have.</param>
internal sealed record RewrittenProbes(IReadOnlyList<KeyValuePair<string, string>> Targets, IReadOnlyList<string> Hosts);
