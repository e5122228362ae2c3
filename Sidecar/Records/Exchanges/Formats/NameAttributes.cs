using Sidecar.Kubernetes;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Names of Kubernetes as attributes, by OpenTelemetry's semantic conventions for its resources.</summary>
internal static class NameAttributes
{
    /// <summary>Those of the own pod, for the resource of all that this process sends; none for null.</summary>
    public static IReadOnlyDictionary<string, string> ResourceOf(NamedPod? own) => Of(own).ToDictionary(attribute => attribute.Name, attribute => attribute.Value);

    /// <summary>Those of one end of a connection.</summary>
    public static IEnumerable<Label> Of(EndNames names)
    {
        foreach (var attribute in Of(names.Pod))
            yield return attribute;
        if (names.Service is not { } service)
            yield break;
        if (names.Pod is null)
            yield return new Label("k8s.namespace.name", service.Namespace);
        yield return new Label("k8s.service.name", service.Name);
    }

    /// <summary>Those of a pod; none for null.</summary>
    public static IEnumerable<Label> Of(NamedPod? pod)
    {
        if (pod is null)
            yield break;
        yield return new Label("k8s.pod.name", pod.Name);
        if (pod.Namespace is { } space)
            yield return new Label("k8s.namespace.name", space);
        if (pod.Node is { } node)
            yield return new Label("k8s.node.name", node);
        if (pod.ServiceAccount is { } account)
            yield return new Label("k8s.serviceaccount.name", account);
        foreach (var label in pod.Labels)
            yield return label with { Name = $"k8s.pod.label.{label.Name}" };
    }
}
