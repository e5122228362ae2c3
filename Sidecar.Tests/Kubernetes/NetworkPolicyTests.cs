using System.Net;
using Testing;
using Xunit;

namespace Sidecar.Tests.Kubernetes;

/// <summary>
/// Flows as a network plug-in sees them, at the pods' network interfaces: what comes for the backend has port 9000 there, and is
/// redirected to the sidecar's 45001 only inside the pod.
/// </summary>
[SystemTest]
public sealed class NetworkPolicyTests
{
    private const string Own = "sidecar-demo";

    // All flows that are allowed; every other one is refused.
    private static readonly string[] Allowed =
    [
        "outside -> frontend TCP 8000", "prometheus -> frontend TCP 8000", "kube-dns -> frontend TCP 8000", "foreign-frontend -> frontend TCP 8000",
        "frontend -> backend TCP 9000",
        "frontend -> oracle TCP 9100", "backend -> oracle TCP 9100",
        "backend -> storage TCP 9080",
        "frontend -> kube-dns TCP 53", "frontend -> kube-dns UDP 53", "backend -> kube-dns TCP 53", "backend -> kube-dns UDP 53",
        "frontend -> node-dns TCP 53", "frontend -> node-dns UDP 53", "backend -> node-dns TCP 53", "backend -> node-dns UDP 53",
    ];

    private static readonly string[] Scrapes = ["prometheus -> frontend TCP 15090", "prometheus -> backend TCP 15090", "prometheus -> oracle TCP 9101"];

    // Every port of a program of this project, also those that no Service has: 8001, 9001, 9081 and the sidecars' own.
    private static readonly int[] Ports = [53, 80, 443, 5353, 6443, 8000, 8001, 9000, 9001, 9080, 9081, 9100, 9101, 15000, 15021, 15090, 45000, 45001];

    private static readonly IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Namespaces =
        new[] { Own, "kube-system", "monitoring", "foreign" }.ToDictionary(name => name, IReadOnlyDictionary<string, string> (name) => Labels(("kubernetes.io/metadata.name", name)));

    public static TheoryData<string> WithPrometheus => [Renderings.With("base", "prometheus"), Renderings.With(Renderings.Production, "prometheus")];

    [Theory]
    [MemberData(nameof(Renderings.Meshes), MemberType = typeof(Renderings))]
    public async Task Flows_AreAllowedAsListedAndRefusedOtherwise(string rendering) => AssertFlows(Allowed, await Renderings.OfAsync(rendering));

    [Theory]
    [MemberData(nameof(WithPrometheus))]
    public async Task Flows_WithPrometheus_AllowItToScrape(string rendering) => AssertFlows([.. Allowed, .. Scrapes], await Renderings.OfAsync(rendering));

    // The address of the API server is not known, so the ports are open to all addresses.
    [Theory]
    [MemberData(nameof(Renderings.WithNames), MemberType = typeof(Renderings))]
    public async Task Flows_WithNames_LeadToApiServers(string rendering)
    {
        string[] others = ["kube-dns", "prometheus", "foreign-frontend", "outside", "node-dns"];
        AssertFlows([.. Allowed, .. from source in (string[])["frontend", "backend"] from peer in others from port in (int[])[443, 6443] select $"{source} -> {peer} TCP {port}"], await Renderings.OfAsync(rendering));
    }

    [Fact]
    public async Task Policies_AllSelectPods()
    {
        var manifests = await Renderings.OfAsync(Renderings.With("base", "prometheus"));
        Assert.All(manifests.Of("NetworkPolicy"), policy => Assert.Contains(manifests.Pods, pod => policy.At("spec.podSelector").Selects(pod.Labels)));
    }

    private static void AssertFlows(IEnumerable<string> expected, Manifests manifests)
    {
        var policies = new NetworkPolicies([.. manifests.Of("NetworkPolicy")], Namespaces);
        Peer[] own = [.. manifests.Pods.Select((pod, index) => new Peer(pod.Name, Own, pod.Labels, Address(1 + index))), new("stranger", Own, Labels(), Address(9))];
        Peer[] peers =
        [
            .. own,
            new("kube-dns", "kube-system", Labels(("k8s-app", "kube-dns")), Address(20)),
            new("prometheus", "monitoring", Labels(("app.kubernetes.io/name", "prometheus")), Address(21)),
            new("foreign-frontend", "foreign", Labels(("app.kubernetes.io/name", "frontend")), Address(22)),
            new("outside", null, Labels(), IPAddress.Parse("203.0.113.7")),
            new("node-dns", null, Labels(), IPAddress.Parse("169.254.20.10")),
        ];
        // Flows that do not touch this namespace are not its policies' business; a node reaches its own pods in any case.
        var flows = from source in peers
                    from destination in peers
                    from protocol in (string[])["TCP", "UDP"]
                    from port in Ports
                    where source != destination && source.Name != "node-dns" && (own.Contains(source) || own.Contains(destination))
                    where policies.Allows(source, destination, protocol, port)
                    select $"{source} -> {destination} {protocol} {port}";

        Assert.Equal(expected.Order(StringComparer.Ordinal), flows.Order(StringComparer.Ordinal));
    }

    private static IPAddress Address(int host) => new([10, 244, 0, (byte)host]);

    private static Dictionary<string, string> Labels(params (string Key, string Value)[] labels) => labels.ToDictionary(label => label.Key, label => label.Value);
}
