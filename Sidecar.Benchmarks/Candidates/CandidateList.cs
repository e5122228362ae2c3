namespace Sidecar.Benchmarks.Candidates;

/// <summary>Everything that can be compared. A new one is a line here, and its name in the steps that measure it.</summary>
internal static class CandidateList
{
    public const string Sidecar = "sidecar";
    public const string SidecarXor = "sidecar-xor";
    public const string Haproxy = "haproxy";
    public const string Nginx = "nginx";
    public const string Pair = "pair";
    public const string TlsPair = "tls-pair";

    private const byte XorKey = 42;

    public static IReadOnlyList<Candidate> All { get; } =
    [
        new(Sidecar, "sidecar", 0, (shop, ports, entry) => [SidecarPrograms.Alone(shop, ports, entry, "idt")]),
        new(SidecarXor, "sidecar, xor", XorKey, (shop, ports, entry) => [SidecarPrograms.Alone(shop, ports, entry, $"xor {XorKey}")]),
        new(Haproxy, "HAProxy", 0, (shop, _, entry) => [HaproxyPrograms.Relay(shop, entry)]),
        new(Nginx, "nginx stream", 0, (shop, _, entry) => [NginxPrograms.Relay(shop, entry)]),
        new(Pair, "p1 + p2, xor", 0, (shop, ports, entry) => SidecarPrograms.Pair(shop, ports, entry, $"xor {XorKey}")),
        new(TlsPair, "HAProxy TLS pair", 0, HaproxyPrograms.TlsPair),
    ];
}
