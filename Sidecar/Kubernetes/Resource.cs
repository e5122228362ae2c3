using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sidecar.Kubernetes;

/// <summary>The parts of a pod, a service or an endpoint slice that are read.</summary>
internal sealed record Resource(
    ResourceMetadata? Metadata, ResourceSpec? Spec, ResourceStatus? Status, IReadOnlyList<SliceEndpoint>? Endpoints, IReadOnlyList<SlicePort>? Ports);

internal sealed record ResourceMetadata(
    string? Name, string? Namespace, string? Uid, string? ResourceVersion, DateTimeOffset? CreationTimestamp, IReadOnlyDictionary<string, string>? Labels);

/// <summary>Of a pod the first three, of a service the last.</summary>
internal sealed record ResourceSpec(
    string? NodeName, string? ServiceAccountName, bool HostNetwork, IReadOnlyList<string>? ClusterIPs, string? ClusterIP);

internal sealed record ResourceStatus(string? Phase, string? PodIP, IReadOnlyList<PodAddress>? PodIPs);

internal sealed record PodAddress(string? Ip);

internal sealed record SliceEndpoint(SliceTarget? TargetRef);

internal sealed record SliceTarget(string? Kind, string? Name);

internal sealed record SlicePort(int? Port);

/// <summary>A page of a list.</summary>
internal sealed record ResourcePage(PageMetadata? Metadata, IReadOnlyList<Resource>? Items);

/// <param name="ResourceVersion">The state of the cluster that the list shows.</param>
/// <param name="Continue">Asks for the next page; null or empty on the last.</param>
internal sealed record PageMetadata(string? ResourceVersion, string? Continue);

/// <summary>A line of a watch.</summary>
/// <param name="Type">ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.</param>
/// <param name="Object">The object; a status for ERROR.</param>
internal sealed record WatchEvent(string? Type, JsonElement Object);

/// <summary>What the API server says of a failure.</summary>
internal sealed record ApiStatus(int? Code, string? Message);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ResourcePage))]
[JsonSerializable(typeof(WatchEvent))]
[JsonSerializable(typeof(ApiStatus))]
internal sealed partial class ResourceJson : JsonSerializerContext;
