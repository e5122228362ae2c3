using System.Text;
using ByteFilters;
using Demo.Programs;
using Processes;

namespace Sidecar.Benchmarks.Candidates;

/// <summary>Sidecars as a user starts them: plain build output, a configuration file, and the switches the report names.</summary>
internal static class SidecarPrograms
{
    /// <summary>What every sidecar's command line holds besides its configuration file and its own endpoints.</summary>
    public const string Switches = "--connection-records off --log-level warning";

    private const string Oracle = "oracle";

    // What others are compared with relays bytes, as they do.
    private const string Unobserved = "observe: off";

    /// <summary>One sidecar without a peer.</summary>
    public static CandidatePart Alone(Workshop shop, FreePorts ports, RelayPorts entry, TransformExpression transform) =>
        Create(shop, ports, "sidecar", "alone", entry, shop.Origin, $"{Unobserved}, transform: {transform}");

    /// <summary>One sidecar as a program of machine code.</summary>
    public static CandidatePart Native(Workshop shop, FreePorts ports, RelayPorts entry) =>
        Create(shop, ports, "sidecar-native", "alone", entry, shop.Origin, Unobserved, isNative: true);

    /// <summary>One sidecar that writes a record of each exchange.</summary>
    /// <param name="shop">What it is made with.</param>
    /// <param name="ports">Gives free ports.</param>
    /// <param name="name">Its name.</param>
    /// <param name="entry">Where it accepts.</param>
    /// <param name="output">The output of the records.</param>
    public static CandidatePart Observed(Workshop shop, FreePorts ports, string name, RelayPorts entry, string output) =>
        Create(shop, ports, name, "alone", entry, shop.Origin, "observe: on", $"records: {{{output}, connection-rate: off, client-rate: off}}");

    /// <summary>A file for records.</summary>
    public static string RecordFile(Workshop shop) => $"path: \"{Path.Combine(shop.Folder, "records.json")}\"";

    /// <summary>Two sidecars and the Oracle that both ask about each connection.</summary>
    public static IReadOnlyList<CandidatePart> Pair(Workshop shop, FreePorts ports, RelayPorts entry, TransformExpression transform)
    {
        var (oracle, endpoints) = (ports.Next(), ports.Next());
        var between = RelayPorts.Take(ports);
        var policy = shop.Write("policy.yaml", $"default: {transform}\n");
        var asks = $"oracle: {{address: 127.0.0.1:{oracle}, dialect: v1x}}";
        return
        [
            new(shop.Run(Oracle, "Oracle", "--listen", At(oracle), "--policy", policy, "--audit-log", "off", "--log-level", "warning",
                "--metrics-address", At(endpoints), "--health-address", At(endpoints)), oracle),
            Create(shop, ports, "p2", "p2", between, shop.Origin, Unobserved, asks),
            Create(shop, ports, "p1", "p1", entry, between, "", asks),
        ];
    }

    /// <summary>Two sidecars without an Oracle. The outbound one also takes SOCKS clients, so that it knows the destination of each.</summary>
    /// <param name="shop">What it is made with.</param>
    /// <param name="ports">Gives free ports.</param>
    /// <param name="entry">Where it accepts.</param>
    /// <param name="transform">Of both.</param>
    /// <param name="routes">The number of routes, of which the last one matches; 0 for none.</param>
    public static IReadOnlyList<CandidatePart> Pod(Workshop shop, FreePorts ports, RelayPorts entry, TransformExpression transform, int routes)
    {
        var between = RelayPorts.Take(ports);
        var setting = $"transform: {transform}";
        var socks = $"  - {{name: socks, listen: \"{At(entry.Socks)}\", role: p1, mode: socks4, target: \"{At(between.Http)}\", {setting}{Also(RoutesOf(routes))}}}";
        return
        [
            Create(shop, ports, "p2", "p2", between, shop.Origin, $"{Unobserved}, {setting}"),
            Create(shop, ports, "p1", "p1", entry, between, setting, firstListener: socks),
        ];
    }

    // Networks, names and ports, as a cluster's routes are.
    private static string RoutesOf(int count)
    {
        var others = Enumerable.Range(1, Math.Max(0, count - 1)).Select(i => (i % 3) switch
        {
            0 => $"\"10.{i}.0.0/16\"",
            1 => $"\"*.service-{i}.test:443\"",
            _ => $"[\"fd00:{i}::/32\", \"192.0.2.{i}:8080\"]",
        });
        return count == 0 ? "" : $"routes: [{string.Join(", ", others.Append("\"127.0.0.0/8\"").Select(destination => $"{{destination: {destination}, action: peer}}"))}]";
    }

    private static CandidatePart Create(
        Workshop shop, FreePorts ports, string name, string role, RelayPorts entry, RelayPorts target, string listenerSetting, string setting = "", bool isNative = false,
        string firstListener = "")
    {
        var yaml = new StringBuilder().AppendLine("listeners:").AppendLine(firstListener);
        foreach (var route in entry.To(target))
        {
            yaml.AppendLine($"  - {{name: {route.Name}, listen: \"{At(route.Listen)}\", role: {role}, target: \"{At(route.Target)}\"{Also(listenerSetting)}}}");
        }

        var config = shop.Write($"{name}.yaml", yaml.AppendLine(setting).ToString());
        var command = new ProcessCommand(name,
        [
            .. isNative ? shop.Native.Run("Sidecar") : shop.MeasuredSidecar, "--config", config, .. Switches.Split(' '),
            "--metrics-address", At(ports.Next()), "--health-address", At(ports.Next()), "--admin-address", At(ports.Next()),
            .. shop.SidecarArgs,
        ]);
        // Listeners are bound in order: once the last one accepts, all do.
        return new(command, entry.Echo);
    }

    private static string Also(string setting) => setting.Length > 0 ? $", {setting}" : "";

    private static string At(int port) => DemoPorts.Local(port).ToString();
}
