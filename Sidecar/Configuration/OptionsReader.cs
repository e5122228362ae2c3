using System.Net;
using Chassis;
using Chassis.Endpoints;
using Chassis.Net;
using Chassis.Settings;
using Sidecar.Hosting;

namespace Sidecar.Configuration;

/// <summary>Turns settings into options; every error names the setting's origin.</summary>
internal static class OptionsReader
{
    /// <summary>A number of connections at once.</summary>
    public static readonly Func<string, int> ParseConnections = Values.WholeNumber(1, 10_000_000);

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Lays file, environment and command line over each other and reads them.</summary>
    /// <exception cref="UsageException">A setting is unknown, wrong, or contradicts another.</exception>
    public static SidecarOptions Load(IReadOnlyList<Setting> commandLine, IEnumerable<Setting> environment)
    {
        var settings = SettingLayers.Load(SettingTable.ConfigKey, [.. environment], commandLine);
        var options = Read(settings);
        settings.RefuseUnknown();
        return options;
    }

    private static SidecarOptions Read(SettingSet settings)
    {
        var records = settings.Find("connection-records.path");
        return new SidecarOptions
        {
            Listeners = ListenerReader.ReadAll(settings),
            Metrics = ReadEndpoint(settings, "metrics", ListenAddress.Any, 15090),
            Health = ReadEndpoint(settings, "health", ListenAddress.Any, 15021),
            Admin = ReadEndpoint(settings, "admin", IPAddress.Loopback, 15000),
            Timeouts = ReadTimeouts(settings),
            Drain = settings.Read("drain", TimeSpan.FromSeconds(5), Values.Duration(TimeSpan.Zero, Day)),
            MaxConnections = settings.Read("limits.connections", FileDescriptors.DefaultMaxConnections(), ParseConnections),
            Backlog = settings.Read("limits.backlog", ListenSockets.DefaultBacklog, Values.WholeNumber(1, 1_000_000)),
            ConnectionRecords = records is { Value: "off" } ? null : records?.Value ?? "-",
            ConnectionRecordsOrigin = records?.Origin ?? "connection-records.path",
            LogLevel = settings.Read("log.level", Microsoft.Extensions.Logging.LogLevel.Information, ServiceLogging.ParseLevel),
        };
    }

    private static EndpointOptions ReadEndpoint(SettingSet settings, string name, IPAddress defaultAddress, int defaultPort)
    {
        var setting = settings.Find($"{name}.address");
        var address = settings.Read($"{name}.address", new IPEndPoint(defaultAddress, defaultPort), ListenAddress.Parse);
        return new EndpointOptions(address, setting?.Origin);
    }

    private static TimeoutOptions ReadTimeouts(SettingSet settings)
    {
        var defaults = new TimeoutOptions();
        var parse = Values.Duration(TimeSpan.FromMilliseconds(1), Day);
        return new TimeoutOptions
        {
            Handshake = settings.Read("timeouts.handshake", defaults.Handshake, parse),
            Connect = settings.Read("timeouts.connect", defaults.Connect, parse),
            Idle = settings.Read("timeouts.idle", defaults.Idle, parse),
            HalfClosed = settings.Read("timeouts.half-closed", defaults.HalfClosed, parse),
        };
    }
}
