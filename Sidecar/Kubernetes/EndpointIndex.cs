using System.Collections.Concurrent;

namespace Sidecar.Kubernetes;

/// <summary>The services of pods, by endpoint slices. Endpoints that are no pods are not here.</summary>
/// <param name="most">Most endpoints, over all slices.</param>
internal sealed class EndpointIndex(int most) : IResourceIndex
{
    private const string ServiceLabel = "kubernetes.io/service-name";

    private readonly Dictionary<string, Slice> _slices = [];

    // Arrays are replaced, not changed, because others read them.
    private readonly ConcurrentDictionary<string, Slice[]> _byPod = [];

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <summary>The service that leads to a pod: of several the first by name. Null if none is known.</summary>
    /// <param name="space">The pod's namespace.</param>
    /// <param name="pod">The pod's name.</param>
    /// <param name="port">The pod's port; null for any.</param>
    public string? FindService(string space, string pod, int? port)
    {
        string? first = null;
        foreach (var slice in SlicesOf(space, pod))
        {
            if (slice.Has(port) && (first is null || string.CompareOrdinal(slice.Service, first) < 0))
                first = slice.Service;
        }

        return first;
    }

    /// <inheritdoc/>
    public bool Set(Resource resource)
    {
        var (key, metadata) = (KeyOf(resource), resource.Metadata!);
        var space = metadata.Namespace ?? "";
        var known = _slices.GetValueOrDefault(key);
        var pods = PodsOf(resource);
        var service = metadata.Labels?.GetValueOrDefault(ServiceLabel);
        if (service is null || Count - (known?.Pods.Count ?? 0) + pods.Count > most)
        {
            Remove(resource);
            return service is null;
        }

        var slice = new Slice(service, pods, [.. (resource.Ports ?? []).Select(port => port.Port).OfType<int>()]);
        _slices[key] = slice;
        Count += pods.Count;
        foreach (var pod in pods)
            _byPod[$"{space}/{pod}"] = [.. SlicesOf(space, pod).Where(other => other != known), slice];
        if (known is not null)
            Release(space, known);
        return true;
    }

    /// <inheritdoc/>
    public void Remove(Resource resource)
    {
        if (_slices.Remove(KeyOf(resource), out var slice))
            Release(resource.Metadata!.Namespace ?? "", slice);
    }

    private void Release(string space, Slice slice)
    {
        Count -= slice.Pods.Count;
        foreach (var pod in slice.Pods)
        {
            Slice[] others = [.. SlicesOf(space, pod).Where(other => other != slice)];
            if (others.Length == 0)
                _byPod.TryRemove($"{space}/{pod}", out _);
            else
                _byPod[$"{space}/{pod}"] = others;
        }
    }

    private Slice[] SlicesOf(string space, string pod) => _byPod.TryGetValue($"{space}/{pod}", out var slices) ? slices : [];

    private static List<string> PodsOf(Resource slice) =>
        [.. (from endpoint in slice.Endpoints ?? [] where endpoint.TargetRef is { Kind: "Pod", Name: not null } select endpoint.TargetRef!.Name!).Distinct()];

    private static string KeyOf(Resource resource) => $"{resource.Metadata!.Namespace}/{resource.Metadata.Name}";

    /// <param name="service">The service that it belongs to.</param>
    /// <param name="pods">Its pods.</param>
    /// <param name="ports">Ports of the pods; none for all.</param>
    private sealed class Slice(string service, List<string> pods, int[] ports)
    {
        public string Service => service;

        public List<string> Pods => pods;

        public bool Has(int? port) => port is null || ports.Length == 0 || Array.IndexOf(ports, port.Value) >= 0;
    }
}
