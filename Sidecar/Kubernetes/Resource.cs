using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sidecar.Kubernetes;

// Setters, not constructors: the reader of JSON would be compiled for each list of parameters, which makes native builds larger.

/// <summary>The parts of a pod, a service or an endpoint slice that are read.</summary>
internal sealed class Resource
{
    public ResourceMetadata? Metadata { get; set; }

    public ResourceSpec? Spec { get; set; }

    public ResourceStatus? Status { get; set; }

    /// <summary>Of an endpoint slice.</summary>
    public List<SliceEndpoint>? Endpoints { get; set; }

    /// <summary>Of an endpoint slice.</summary>
    public List<SlicePort>? Ports { get; set; }
}

internal sealed class ResourceMetadata
{
    public string? Name { get; set; }

    public string? Namespace { get; set; }

    public string? Uid { get; set; }

    public string? ResourceVersion { get; set; }

    /// <summary>RFC 3339, in whole seconds.</summary>
    public string? CreationTimestamp { get; set; }

    public Dictionary<string, string>? Labels { get; set; }

    /// <summary>When the object was created; before all connections if it is not known.</summary>
    [JsonIgnore]
    public DateTimeOffset Created => DateTimeOffset.TryParse(CreationTimestamp, out var created) ? created : DateTimeOffset.MinValue;
}

internal sealed class ResourceSpec
{
    /// <summary>Of a pod.</summary>
    public string? NodeName { get; set; }

    /// <summary>Of a pod.</summary>
    public string? ServiceAccountName { get; set; }

    /// <summary>Of a pod.</summary>
    public bool HostNetwork { get; set; }

    /// <summary>Of a service.</summary>
    public List<string>? ClusterIPs { get; set; }

    /// <summary>Of a service.</summary>
    public string? ClusterIP { get; set; }
}

/// <summary>Of a pod.</summary>
internal sealed class ResourceStatus
{
    public string? Phase { get; set; }

    public string? PodIP { get; set; }

    public List<PodAddress>? PodIPs { get; set; }
}

internal sealed class PodAddress
{
    public string? Ip { get; set; }
}

internal sealed class SliceEndpoint
{
    public SliceTarget? TargetRef { get; set; }
}

internal sealed class SliceTarget
{
    public string? Kind { get; set; }

    public string? Name { get; set; }
}

internal sealed class SlicePort
{
    /// <summary>Null for all.</summary>
    public int? Port { get; set; }
}

/// <summary>A page of a list.</summary>
internal sealed class ResourcePage
{
    public PageMetadata? Metadata { get; set; }

    public List<Resource>? Items { get; set; }
}

internal sealed class PageMetadata
{
    /// <summary>The state of the cluster that the list shows.</summary>
    public string? ResourceVersion { get; set; }

    /// <summary>Asks for the next page; null or empty on the last.</summary>
    public string? Continue { get; set; }
}

/// <summary>A line of a watch.</summary>
internal sealed class WatchEvent
{
    /// <summary>ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.</summary>
    public string? Type { get; set; }

    /// <summary>The object; a status for ERROR.</summary>
    public JsonElement Object { get; set; }
}

/// <summary>What the API server says of a failure.</summary>
internal sealed class ApiStatus
{
    public int Code { get; set; }

    public string? Message { get; set; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ResourcePage))]
[JsonSerializable(typeof(WatchEvent))]
[JsonSerializable(typeof(ApiStatus))]
internal sealed partial class ResourceJson : JsonSerializerContext;
