using System.Net;
using Chassis;
using Chassis.Endpoints;
using Chassis.Net;
using Chassis.Settings;

namespace Oracle.Configuration;

/// <summary>Reads the options from defaults, file, environment and command line; the later source takes precedence.</summary>
internal static class OptionsReader
{
    /// <summary>Prefix of the environment variables: <c>ORACLE__METRICS__ADDRESS</c>.</summary>
    public const string EnvironmentPrefix = "ORACLE";

    /// <summary>Port for questions, the same as the Lisp Oracle's.</summary>
    public const int DefaultPort = 9100;

    /// <summary>Port for metrics and health.</summary>
    public const int DefaultServicePort = 9101;

    /// <summary>Reads all layers.</summary>
    /// <param name="environment">Settings of the environment.</param>
    /// <param name="commandLine">Settings of the command line.</param>
    /// <exception cref="UsageException">A file cannot be read, a key is unknown or a value is wrong.</exception>
    public static OracleOptions Read(IReadOnlyList<Setting> environment, IReadOnlyList<Setting> commandLine)
    {
        var settings = SettingLayers.Load(Keys.Config, environment, commandLine);
        var metrics = ReadEndpoint(settings, Keys.MetricsAddress, DefaultServicePort);
        var defaults = new OracleOptions
        {
            Listen = ReadEndpoint(settings, Keys.Listen, DefaultPort),
            Metrics = metrics,
            Health = settings.Find(Keys.HealthAddress) is null ? metrics : ReadEndpoint(settings, Keys.HealthAddress, DefaultServicePort),
            AuditLog = ReadFile(settings, Keys.AuditLog) ?? new NamedFile("-", "--" + Keys.AuditLog),
        };
        var wanted = settings.Read(Keys.MaxConnections, defaults.WantedConnections, Values.WholeNumber(1, 1_000_000));
        var options = defaults with
        {
            Policy = ReadFile(settings, Keys.Policy),
            MetricsHosts = settings.ReadList(Keys.MetricsHosts, DestinationPattern.Parse) ?? [],
            HealthHosts = settings.ReadList(Keys.HealthHosts, DestinationPattern.Parse) ?? [],
            LogLevel = settings.Read(Keys.LogLevel, defaults.LogLevel, ServiceLogging.ParseLevel),
            WantedConnections = wanted,
            // A connection that makes room for another one keeps its descriptor for a moment longer.
            MaxConnections = Math.Min(wanted, OpenFiles.Room(each: 2)),
            MaxDecisions = settings.Read(Keys.MaxDecisions, defaults.MaxDecisions, Values.WholeNumber(1, 10_000_000)),
        };
        settings.RefuseUnknown();
        settings.ThrowErrors();
        return options;
    }

    private static ListenOption ReadEndpoint(SettingSet settings, string key, int defaultPort)
    {
        var address = settings.Read(key, new IPEndPoint(ListenAddress.Any, defaultPort), ListenAddress.Parse);
        return new ListenOption(address, settings.Find(key)?.Origin);
    }

    private static NamedFile? ReadFile(SettingSet settings, string key) =>
        settings.Find(key) is { } setting ? new NamedFile(setting.Value, setting.Origin) : null;
}
