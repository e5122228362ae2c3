using System.Net;
using Demo.Verification;
using Processes;

namespace Demo.Programs;

/// <summary>Which programs the demo runs, with which command lines, in the order in which they depend on each other.</summary>
/// <param name="Built">Where they are.</param>
/// <param name="Ports">Where they listen.</param>
/// <param name="Policy">The Oracle's policy file, or null for its default.</param>
/// <param name="Kinds">Writes the files of a demo that tells kinds of content apart; null for one that does not.</param>
/// <param name="Peers">Where p1 finds p2: p2 itself, or what taps the way; one for each kind.</param>
/// <param name="Records">Options of p2 for records of HTTP exchanges; none for no records.</param>
/// <param name="Web">Asks whether they are ready.</param>
internal sealed record DemoPrograms(
    BuiltPrograms Built, DemoPorts Ports, string? Policy, KindPrograms? Kinds, IReadOnlyList<IPEndPoint> Peers, IReadOnlyList<string> Records, HttpFetcher Web)
{
    public IReadOnlyList<DemoProgram> All =>
    [
        new(Video("storage", "--listen", At(Ports.Storage), "--folder", Built.Clips, "--metrics-address", At(Ports.StorageMetrics)),
            Ready(Ports.StorageMetrics, "/readyz"), $"{At(Ports.Storage)}  the video's files"),
        new(Video("backend", "--listen", At(Ports.Backend), "--storage", Origin(Ports.Storage), "--metrics-address", At(Ports.BackendMetrics)),
            Ready(Ports.BackendMetrics, "/readyz"), $"{At(Ports.Backend)}  the service"),
        new(Oracle(), Ready(Ports.OracleMetrics, "/readyz"), $"{At(Ports.Oracle)}  authorizes connections, chooses their transform"),
        Sidecar("p2", Ports.P2, [.. Peers.Select(_ => DemoPorts.Local(Ports.Backend))], "to the backend"),
        Sidecar("p1", Ports.P1, Peers, "to p2"),
        new(Video("frontend", ["--listen", At(Ports.Frontend), "--backend", Origin(Ports.P1.Listen), "--metrics-address", At(Ports.FrontendMetrics), .. Kinds is null ? [] : Ways(Ports.P1.Kinds)]),
            Ready(Ports.FrontendMetrics, "/readyz"), $"{At(Ports.Frontend)}  the web pages"),
    ];

    private ProcessCommand Video(string role, params IReadOnlyList<string> words) =>
        new(role, [.. Built.Run("VideoApi"), role, .. words]);

    private ProcessCommand Oracle() => new("oracle",
    [
        .. Built.Run("Oracle"), "--listen", At(Ports.Oracle), "--audit-log", "-",
        "--metrics-address", At(Ports.OracleMetrics), "--health-address", At(Ports.OracleMetrics),
        .. Policy is null ? Array.Empty<string>() : ["--policy", Policy],
    ]);

    private static IEnumerable<string> Ways(KindPorts p1) => ["--playlists", Origin(p1.Playlists), "--segments", Origin(p1.Segments)];

    private DemoProgram Sidecar(string role, SidecarPorts ports, IReadOnlyList<IPEndPoint> targets, string says) => new(
        new ProcessCommand(role,
        [
            .. Built.Run("Sidecar"), .. Listeners(role, ports, targets),
            "--admin-address", At(ports.Admin), "--health-address", At(ports.Health), "--metrics-address", At(ports.Metrics),
            "--connection-records", "-", .. role == "p2" ? Records : [],
        ]),
        Ready(ports.Health, "/readyz"),
        $"{At(ports.Listen)}  sidecar, {says}; {DemoPorts.Url(ports.Metrics, "/metrics")}");

    // Positional, as the Lisp programs are called: port, target, Oracle, listen host, role.
    private IEnumerable<string> Listeners(string role, SidecarPorts ports, IReadOnlyList<IPEndPoint> targets) => Kinds is null
        ? [$"{ports.Listen}", $"{targets[0].Address}", $"{targets[0].Port}", $"{IPAddress.Loopback}", $"{Ports.Oracle}", $"{IPAddress.Loopback}", role]
        : ["--config", Kinds.WriteSidecar(role, ports.Kinds, targets, DemoPorts.Local(Ports.Oracle))];

    private Func<CancellationToken, Task<bool>> Ready(int port, string path) => cancel => Web.IsOkAsync(DemoPorts.Url(port, path), cancel);

    private static string At(int port) => DemoPorts.Local(port).ToString();

    private static string Origin(int port) => $"http://{At(port)}";
}
