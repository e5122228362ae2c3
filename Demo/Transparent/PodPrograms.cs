using System.Net;
using Demo.Programs;
using Demo.Verification;
using Processes;

namespace Demo.Transparent;

/// <summary>
/// Which programs run in which host of the plan. Each has its usual ports; none is told where a sidecar is: the frontends
/// know the server's pod, the backend knows the storage.
/// </summary>
/// <param name="Built">Where the programs are, readable by all.</param>
/// <param name="Plan">The hosts.</param>
/// <param name="Policy">The Oracle's policy file, or null for its default.</param>
/// <param name="StorageConfig">The server pod's sidecar's file, when its traffic to the storage takes sidecars too; else null.</param>
/// <param name="HasRecords">Whether sidecars that are p2 write records of HTTP exchanges to their stdout.</param>
/// <param name="ObservedRecords">Where captured packets of the backend's connections are recorded; null to capture none.</param>
/// <param name="Web">A client inside a host.</param>
internal sealed record PodPrograms(BuiltPrograms Built, NetworkPlan Plan, string? Policy, string? StorageConfig, bool HasRecords, string? ObservedRecords, Func<PlannedHost, HttpFetcher> Web)
{
    public const int P1Port = 45000;
    public const int P2Port = 45001;

    private const int ObserveHealthPort = 15023;

    private static readonly DemoPorts Ports = DemoPorts.Usual;

    /// <summary>In the order in which they depend on each other.</summary>
    public IReadOnlyList<DemoProgram> All =>
    [
        Video(Plan.Storage, "storage", ["storage", "--listen", Anywhere(Ports.Storage), "--folder", Built.Clips], Ports.Storage, "the video's files"),
        Oracle(),
        .. StorageConfig is null ? Array.Empty<DemoProgram>() : [Sidecar(Plan.Storage, "storage-p2", P2Words, "what comes for the storage arrives here")],
        Sidecar(Plan.Server, "p2", StorageConfig is null ? P2Words : ["--config", StorageConfig],
            StorageConfig is null ? "what comes for the backend arrives here" : "what comes for the backend or goes to the storage arrives here"),
        Video(Plan.Server, "backend", ["backend", "--listen", Anywhere(Ports.Backend), "--storage", $"{Url(Plan.Storage.V4, Ports.Storage)}"], Ports.Backend,
            $"the service; knows {Url(Plan.Storage.V4, Ports.Storage)}"),
        .. ObservedRecords is null ? Array.Empty<DemoProgram>() : [Observe(ObservedRecords)],
        Sidecar(Plan.Client, "p1", [$"{P1Port}", "nil", "nil", $"{Plan.Oracle.V4}", $"{Ports.Oracle}", "::", "p1", "transparent"], "what goes to the server's pod arrives here"),
        Frontend("frontend", Plan.Client.V4, Plan.Server.V4),
        Frontend("frontend6", Plan.Client.V6, Plan.Server.V6),
    ];

    /// <summary>The settings of the server pod's sidecar when it is p2 for the backend and p1 towards the storage.</summary>
    public static string ConfigFor(NetworkPlan plan) => $"""
        listeners:
          - name: in
            listen: "[::]:{P2Port}"
            role: p2
            mode: transparent
          - name: out
            listen: "[::]:{P1Port}"
            role: p1
            mode: transparent
        oracle:
          address: "{plan.Oracle.V4}:{Ports.Oracle}"
        """;

    /// <summary>The root URL of a port at an address of either family.</summary>
    public static Uri Url(IPAddress address, int port, string path = "/") => new($"http://{new IPEndPoint(address, port)}{path}");

    private string[] P2Words => [$"{P2Port}", "nil", "nil", $"{Plan.Oracle.V4}", $"{Ports.Oracle}", "::", "p2"];

    private DemoProgram Frontend(string name, IPAddress own, IPAddress server) => new(
        In(Plan.Client, Users.Application, new ProcessCommand(name,
            [.. Built.Run("VideoApi"), "frontend", "--listen", $"{new IPEndPoint(own, Ports.Frontend)}", "--backend", Origin(server, Ports.Backend)])),
        Asks(Plan.Client, Url(own, Ports.Frontend, "/healthz")),
        $"{Plan.Client.Name} {new IPEndPoint(own, Ports.Frontend)}  the web pages; knows {Origin(server, Ports.Backend)}");

    private DemoProgram Video(PlannedHost host, string name, string[] words, int port, string says) => new(
        In(host, Users.Application, new ProcessCommand(name, [.. Built.Run("VideoApi"), .. words])),
        Asks(host, Url(IPAddress.Loopback, port, "/healthz")), $"{host.Name} {new IPEndPoint(host.V4, port)}  {says}");

    private DemoProgram Oracle() => new(
        In(Plan.Oracle, Users.Application, new ProcessCommand("oracle",
        [
            .. Built.Run("Oracle"), "--listen", Anywhere(Ports.Oracle), "--audit-log", "-",
            "--metrics-address", Anywhere(Ports.OracleMetrics), "--health-address", Anywhere(Ports.OracleMetrics),
            .. Policy is null ? Array.Empty<string>() : ["--policy", Policy],
        ])),
        Asks(Plan.Oracle, Url(IPAddress.Loopback, Ports.OracleMetrics, "/readyz")),
        $"oracle {new IPEndPoint(Plan.Oracle.V4, Ports.Oracle)}  authorizes connections, chooses their transform");

    private DemoProgram Sidecar(PlannedHost host, string name, IEnumerable<string> words, string says) => new(
        In(host, Users.Sidecar, new ProcessCommand(name,
        [
            .. Built.Run("Sidecar"), .. words,
            "--admin-address", $"{new IPEndPoint(IPAddress.Loopback, Ports.P1.Admin)}", "--health-address", Anywhere(Ports.P1.Health),
            "--metrics-address", Anywhere(Ports.P1.Metrics), "--connection-records", "-", .. HasRecords && name != "p1" ? RecordCopy.SidecarOptions : [],
        ])),
        Asks(host, Url(IPAddress.Loopback, Ports.P1.Health, "/readyz")), $"{host.Name}  sidecar; {says}");

    // After the backend has been asked whether it is ready, which no sidecar sees. As root, for the capture.
    private DemoProgram Observe(string records) => new(
        new ProcessCommand("observe",
        [
            .. Built.Run("Sidecar"), "observe", "--capture-ports", $"{Ports.Backend}", "--records", records, "--records-connection-rate", "off", "--records-client-rate", "off",
            "--admin-address", "off", "--health-address", $"{new IPEndPoint(IPAddress.Loopback, ObserveHealthPort)}",
        ]).RunBy("ip", "netns", "exec", Plan.Server.Namespace).EndingWithParent(),
        Asks(Plan.Server, Url(IPAddress.Loopback, ObserveHealthPort, "/readyz")),
        $"{Plan.Server.Name}  observes the backend's connections from captured packets");

    // Inside its host: from elsewhere the rules might lead the question to a sidecar.
    private Func<CancellationToken, Task<bool>> Asks(PlannedHost host, Uri url)
    {
        var web = Web(host);
        return cancel => web.IsOkAsync(url, cancel);
    }

    private static ProcessCommand In(PlannedHost host, int user, ProcessCommand command) =>
        command.RunBy([.. new[] { "ip", "netns", "exec", host.Namespace }, .. Users.RunAs(user)]);

    private static string Anywhere(int port) => $"[::]:{port}";

    private static string Origin(IPAddress address, int port) => $"http://{new IPEndPoint(address, port)}";
}
