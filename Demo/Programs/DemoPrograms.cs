using System.Net;
using Demo.Processes;
using Demo.Verification;

namespace Demo.Programs;

/// <summary>Which programs the demo runs, with which command lines, in the order in which they depend on each other.</summary>
/// <param name="Built">Where they are.</param>
/// <param name="Ports">Where they listen.</param>
/// <param name="Policy">The Oracle's policy file, or null for its default.</param>
/// <param name="Peer">Where p1 finds p2: p2 itself, or what taps the way.</param>
/// <param name="Web">Asks whether they are ready.</param>
internal sealed record DemoPrograms(BuiltPrograms Built, DemoPorts Ports, string? Policy, IPEndPoint Peer, HttpFetcher Web)
{
    public IReadOnlyList<DemoProgram> All =>
    [
        new(Video("storage", "--listen", At(Ports.Storage), "--folder", Built.Clips),
            Ready(Ports.Storage, "/healthz"), $"{At(Ports.Storage)}  the video's files"),
        new(Video("backend", "--listen", At(Ports.Backend), "--storage", Origin(Ports.Storage)),
            Ready(Ports.Backend, "/healthz"), $"{At(Ports.Backend)}  the service"),
        new(Oracle(), Ready(Ports.OracleMetrics, "/readyz"), $"{At(Ports.Oracle)}  authorizes connections, chooses their transform"),
        Sidecar("p2", Ports.P2, DemoPorts.Local(Ports.Backend), "to the backend"),
        Sidecar("p1", Ports.P1, Peer, "to p2"),
        new(Video("frontend", "--listen", At(Ports.Frontend), "--backend", Origin(Ports.P1.Listen)),
            Ready(Ports.Frontend, "/healthz"), $"{At(Ports.Frontend)}  the web pages"),
    ];

    private ProcessCommand Video(string role, params IEnumerable<string> words) =>
        new(role, [.. Built.Run("VideoApi"), role, .. words]);

    private ProcessCommand Oracle() => new("oracle",
    [
        .. Built.Run("Oracle"), "--listen", At(Ports.Oracle), "--audit-log", "-",
        "--metrics-address", At(Ports.OracleMetrics), "--health-address", At(Ports.OracleMetrics),
        .. Policy is null ? Array.Empty<string>() : ["--policy", Policy],
    ]);

    // Positional, as the Lisp programs are called: port, target, Oracle, listen host, role.
    private DemoProgram Sidecar(string role, SidecarPorts ports, IPEndPoint target, string says) => new(
        new ProcessCommand(role,
        [
            .. Built.Run("Sidecar"), $"{ports.Listen}", $"{target.Address}", $"{target.Port}", $"{IPAddress.Loopback}", $"{Ports.Oracle}",
            $"{IPAddress.Loopback}", role,
            "--admin-address", At(ports.Admin), "--health-address", At(ports.Health), "--metrics-address", At(ports.Metrics),
            "--connection-records", "-",
        ]),
        Ready(ports.Health, "/readyz"),
        $"{At(ports.Listen)}  sidecar, {says}; {DemoPorts.Url(ports.Metrics, "/metrics")}");

    private Func<CancellationToken, Task<bool>> Ready(int port, string path) => cancel => Web.IsOkAsync(DemoPorts.Url(port, path), cancel);

    private static string At(int port) => DemoPorts.Local(port).ToString();

    private static string Origin(int port) => $"http://{At(port)}";
}
