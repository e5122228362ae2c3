using System.Net;
using Chassis.Endpoints;
using Chassis.Net;
using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Reads the settings of every process that observes HTTP: <see cref="ProcessOptions"/>.</summary>
internal static class ProcessSettings
{
    private const string Off = "off";

    // The least that can observe a few connections, and the most that a container may have.
    private const long MinObservationMemory = 1024 * 1024;
    private const long MaxObservationMemory = 64L * 1024 * 1024 * 1024;

    private static readonly SidecarOptions Defaults = new() { Listeners = [] };

    /// <summary>The limits of observation.</summary>
    public static readonly IReadOnlyList<SettingOption> Observation =
    [
        new("--observe-head-bytes", "observation.head-bytes", "COUNT", $"Most bytes to keep of the head of a request or response; a longer head is cut in the record [default: {Defaults.Observation.HeadBytes}]"),
        new("--observe-memory", "observation.memory", "SIZE", $"Memory budget for the observation of all connections; when it is almost used up, heads are cut, then the connection that uses most is no longer observed [default: {Values.DisplaySize(ObservationLimits.DefaultMemory)}, or a quarter of the container's memory if that is less]"),
    ];

    /// <summary>The own endpoints.</summary>
    public static readonly IReadOnlyList<SettingOption> Endpoints =
    [
        new("--metrics-address", "metrics.address", "ADDRESS:PORT", $"Serves /metrics [default: {Port(Defaults.Metrics)}, or the next free port]"),
        new("--health-address", "health.address", "ADDRESS:PORT", $"Serves /healthz and /readyz [default: {Port(Defaults.Health)}, or the next free port]"),
        new("--metrics-hosts", "metrics.hosts", "NAME,...", "More host names to accept in requests for /metrics, such as *.example.org; addresses, names without a dot, this machine's names and a cluster's names are always accepted"),
        .. MetricsExportReader.Settings,
        new("--health-hosts", "health.hosts", "NAME,...", "More host names to accept in requests for /healthz and /readyz"),
        new("--admin-address", "admin.address", "ADDRESS:PORT", $"Serves the admin endpoints; unix:PATH serves only this user and root, off switches them off [default: {Defaults.Admin!.Address}, or the next free port]"),
    ];

    /// <summary>Records of exchanges, with names in them.</summary>
    public static readonly IReadOnlyList<SettingOption> Records = [.. RecordSettings.Options, .. KubernetesSettings.Options];

    /// <summary>The level of the log.</summary>
    public static readonly SettingOption LogLevel = new("--log-level", "log.level", "LEVEL", "trace, debug, info, warning, error or none [default: info]");

    /// <summary>Reads them; the other options stay as they are.</summary>
    public static T Read<T>(SettingSet settings, T defaults)
        where T : ProcessOptions => defaults with
        {
            Metrics = ReadEndpoint(settings, "metrics", defaults.Metrics),
            MetricsExport = MetricsExportReader.Read(settings),
            Health = ReadEndpoint(settings, "health", defaults.Health),
            Admin = ReadAdmin(settings, defaults.Admin!),
            Observation = new() { HeadBytes = settings.Read("observation.head-bytes", defaults.Observation.HeadBytes, Values.WholeNumber(1024, 1024 * 1024)) },
            ObservationMemory = settings.Read("observation.memory", defaults.ObservationMemory, Values.Size(MinObservationMemory, MaxObservationMemory), size => Values.WriteSize(size)),
            Records = RecordSettings.Read(settings),
            Kubernetes = KubernetesSettings.Read(settings),
            LogLevel = settings.Read("log.level", defaults.LogLevel, ServiceLogging.ParseLevel, ServiceLogging.WriteLevel),
        };

    private static EndpointOptions ReadEndpoint(SettingSet settings, string name, EndpointOptions endpoint)
    {
        var setting = settings.Find($"{name}.address");
        var address = settings.Read($"{name}.address", (IPEndPoint)endpoint.Address, ListenAddress.Parse);
        return new EndpointOptions(address, setting?.Origin) { Hosts = settings.ReadList($"{name}.hosts", [], DestinationPattern.Parse) };
    }

    // "admin: off" and "admin: {address: off}" mean the same.
    private static EndpointOptions? ReadAdmin(SettingSet settings, EndpointOptions endpoint)
    {
        if (settings.FindWord("admin") is { } whole)
        {
            if (whole.Value != Off)
                settings.Refuse(whole, "off, or a mapping with 'address', is expected");
            return null;
        }

        var setting = settings.Find("admin.address");
        return setting?.Value == Off
            ? null
            : new EndpointOptions(settings.Read("admin.address", endpoint.Address, ListenAddress.ParseWithUnix), setting?.Origin);
    }

    private static int Port(EndpointOptions endpoint) => ((IPEndPoint)endpoint.Address).Port;
}
