using ByteFilters;
using Demo.Programs;

namespace Sidecar.Benchmarks.Candidates;

/// <summary>Everything that can be compared. A new one is a line here, and its name in the steps that measure it.</summary>
internal static class CandidateList
{
    public const string Sidecar = "sidecar";
    public const string SidecarNative = "sidecar-native";
    public const string SidecarXor = "sidecar-xor";
    public const string SidecarAffine = "sidecar-affine";
    public const string SidecarTable = "sidecar-table";
    public const string SidecarObserved = "sidecar-observed";
    public const string SidecarKafka = "sidecar-kafka";
    public const string SidecarHanging = "sidecar-hanging";
    public const string Haproxy = "haproxy";
    public const string Nginx = "nginx";
    public const string Pair = "pair";
    public const string TlsPair = "tls-pair";
    public const string Pod = "pod";
    public const string PodTenRoutes = "pod-10";
    public const string PodHundredRoutes = "pod-100";

    private static readonly TransformExpression Xor = TransformExpression.Xor(42);

    // Ten steps each, of which nothing cancels; the second is not affine.
    private static readonly TransformExpression Affine = TransformExpression.Parse(
        "(chain (xor 42) not (rotl 3) (xor 7) (reverse-bits) (rotr 1) (swap-nibbles) (xor 9) (rotl 2) (affine \"8040201008040201\" 5))");

    private static readonly TransformExpression Table = TransformExpression.Parse(
        "(chain (xor 42) (add 1) (rotl 3) (xor 7) (add 9) (rotr 1) (xor 1) (add 3) (rotl 2) not)");

    public static IReadOnlyList<Candidate> All { get; } =
    [
        Alone(Sidecar, "sidecar", TransformExpression.Identity),
        Plain(SidecarNative, "sidecar, native build", (shop, ports, entry) => [SidecarPrograms.Native(shop, ports, entry)]),
        Alone(SidecarXor, "sidecar, xor", Xor),
        Alone(SidecarAffine, "sidecar, ten affine steps", Affine),
        Alone(SidecarTable, "sidecar, ten steps of a table", Table),
        Observed(SidecarObserved, "sidecar, a record of each exchange", SidecarPrograms.RecordFile),
        Observed(SidecarKafka, "sidecar, records into Kafka", shop => shop.Records.Kafka),
        Observed(SidecarHanging, "sidecar, records to a server that hangs", shop => shop.Records.Hanging),
        Plain(Haproxy, "HAProxy", (shop, _, entry) => [HaproxyPrograms.Relay(shop, entry)]),
        Plain(Nginx, "nginx stream", (shop, _, entry) => [NginxPrograms.Relay(shop, entry)]),
        Plain(Pair, "p1 + p2, xor", (shop, ports, entry) => SidecarPrograms.Pair(shop, ports, entry, Xor)),
        Plain(TlsPair, "HAProxy TLS pair", HaproxyPrograms.TlsPair),
        Plain(Pod, "pod", (shop, ports, entry) => SidecarPrograms.Pod(shop, ports, entry, Xor, routes: 0)),
        Plain(PodTenRoutes, "pod, ten routes", (shop, ports, entry) => SidecarPrograms.Pod(shop, ports, entry, Xor, routes: 10)),
        Plain(PodHundredRoutes, "pod, a hundred routes", (shop, ports, entry) => SidecarPrograms.Pod(shop, ports, entry, Xor, routes: 100)),
    ];

    /// <summary>Those that differ only in their routes.</summary>
    public static IReadOnlyList<string> Pods { get; } = [Pod, PodTenRoutes, PodHundredRoutes];

    /// <summary>Those that are measured when the user names none: the native build only where there is one, because to make it takes minutes.</summary>
    public static IReadOnlyList<string> ByDefault(BuiltPrograms native) =>
        [.. All.Select(candidate => candidate.Name).Where(name => name != SidecarNative || native.Has("Sidecar"))];

    private static Candidate Alone(string name, string title, TransformExpression transform) =>
        new(name, title, transform, (shop, ports, entry) => [SidecarPrograms.Alone(shop, ports, entry, transform)]);

    private static Candidate Observed(string name, string title, Func<Workshop, string> records) =>
        Plain(name, title, (shop, ports, entry) => [SidecarPrograms.Observed(shop, ports, name, entry, records(shop))]);

    private static Candidate Plain(string name, string title, Func<Workshop, FreePorts, RelayPorts, IReadOnlyList<CandidatePart>> build) =>
        new(name, title, TransformExpression.Identity, build);
}
