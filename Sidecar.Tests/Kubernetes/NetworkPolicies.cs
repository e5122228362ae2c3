using System.Net;
using System.Text.Json.Nodes;

namespace Sidecar.Tests.Kubernetes;

/// <summary>One end of a flow: a pod with its labels, or only an address.</summary>
internal sealed record Peer(string Name, string? Namespace, IReadOnlyDictionary<string, string> Labels, IPAddress Address)
{
    public override string ToString() => Name;
}

/// <summary>
/// Decides flows as the API reference of NetworkPolicy says: a pod that no policy of a direction selects may do all; a pod that
/// some select may do what one of them allows. A flow needs both directions. Fields that these manifests do not use are refused.
/// </summary>
internal sealed class NetworkPolicies(IReadOnlyList<JsonObject> policies, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> namespaces)
{
    public bool Allows(Peer from, Peer to, string protocol, int port) =>
        Allows("Egress", "egress", "to", from, to, protocol, port) && Allows("Ingress", "ingress", "from", to, from, protocol, port);

    private bool Allows(string direction, string rules, string peers, Peer own, Peer other, string protocol, int port)
    {
        var selecting = policies.Where(policy => policy.Text("metadata.namespace") == own.Namespace &&
            policy.At("spec.podSelector").Selects(own.Labels) && policy.Words("spec.policyTypes").Contains(direction)).ToList();
        return selecting.Count == 0 || selecting.SelectMany(policy => policy.Items($"spec.{rules}"))
            .Any(rule => HasPeer(rule[peers], own.Namespace!, other) && HasPort(rule["ports"], protocol, port));
    }

    // No list means all; an empty one too.
    private bool HasPeer(JsonNode? peers, string own, Peer other) => peers is not JsonArray { Count: > 0 } list || list.Any(item => Matches(item!.AsObject(), own, other));

    private bool Matches(JsonObject item, string own, Peer other)
    {
        if (item["ipBlock"] is { } block)
            return block["except"] is null ? IPNetwork.Parse((string)block["cidr"]!).Contains(other.Address) : throw new NotSupportedException("except");
        return other.Namespace is { } name
            && (item["namespaceSelector"] is { } selector ? selector.Selects(namespaces[name]) : name == own)
            && (item["podSelector"] is not { } pods || pods.Selects(other.Labels));
    }

    private static bool HasPort(JsonNode? ports, string protocol, int port) => ports is not JsonArray { Count: > 0 } list || list.Any(item =>
        (item.Text("protocol") ?? "TCP") == protocol && (item!["endPort"] is null ? (int)item["port"]! == port : throw new NotSupportedException("endPort")));
}
