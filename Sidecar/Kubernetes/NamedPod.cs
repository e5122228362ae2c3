namespace Sidecar.Kubernetes;

/// <summary>A pod as records name it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its namespace; null if the own one is not known.</param>
/// <param name="Node">Its node; null if it is not known.</param>
/// <param name="ServiceAccount">Its service account; null if it is not known.</param>
/// <param name="Labels">Its labels, in the order of their names.</param>
internal sealed record NamedPod(string Name, string? Namespace, string? Node, string? ServiceAccount, IReadOnlyList<Label> Labels);

/// <summary>A service as records name it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Labels">Its labels, in the order of their names.</param>
internal sealed record NamedService(string Name, string Namespace, IReadOnlyList<Label> Labels);

/// <summary>A label of an object.</summary>
internal sealed record Label(string Name, string Value);
