using ByteFilters;
using Chassis;
using Chassis.Expressions;
using Chassis.Settings;
using Sidecar.Hosting;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Turns settings into options; every error names the origin of the setting.</summary>
internal static class OptionsReader
{
    /// <summary>A number of connections at once.</summary>
    public static readonly Func<string, int> ParseConnections = Values.WholeNumber(1, 10_000_000);
    private const int MaxLoops = 256;
    private const string Off = "off";

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Reads the options.</summary>
    /// <exception cref="UsageException">Settings are unknown, wrong or contradict each other, with a line for each.</exception>
    public static SidecarOptions Read(SettingSet settings)
    {
        var file = settings.Find(SettingTable.ConfigKey);
        var options = ReadAll(settings);
        settings.RefuseUnknown();
        // After the check of all keys, because "listener:" is a typing error, not a missing listener.
        if (options.Listeners.Count == 0 && !settings.HasErrors)
            settings.Refuse(NoListener(file));
        foreach (var conflict in AddressConflicts.Of(options).Concat(FileConflicts.Of(options)))
            settings.Refuse(conflict);
        settings.ThrowErrors();
        return options;
    }

    private static string NoListener(Setting? file) => file is null
        ? "no listener: give --listen ADDRESS:PORT, the positional form or --config FILE; try --help"
        : $"{file.Value}: no listener; 'listeners:' is expected, with '- listen: ADDRESS:PORT' below it";

    private static SidecarOptions ReadAll(SettingSet settings)
    {
        var language = LanguageSettings.Read(settings, TransformLanguage.Default);
        var timeouts = TimeoutSettings.Read(settings, "timeouts", new TimeoutOptions());
        var limits = UpstreamLimitsReader.Read(settings, "upstream", UpstreamLimits.None);
        var listeners = ListenerReader.ReadAll(settings, language, timeouts, limits);
        var most = LimitCheck.MostConnections(listeners);
        var wanted = settings.Read("limits.connections", most, ParseConnections);
        var defaults = new SidecarOptions { Listeners = listeners };
        if (settings.FindAny("capture") is { } capture)
            settings.RefuseAt(capture, "only Sidecar observe captures packets; remove it, or start Sidecar observe");
        var records = settings.Find("connection-records.path");
        var connectionRecords = records is { Value: Off } ? null : records?.Value ?? defaults.ConnectionRecords;
        settings.NoteDefault("connection-records.path", defaults.ConnectionRecords);
        return ProcessSettings.Read(settings, defaults) with
        {
            Language = language,
            Probes = ReadProbes(settings),
            Timeouts = timeouts,
            Drain = settings.Read("drain", defaults.Drain, Values.Duration(TimeSpan.Zero, Day)),
            DrainDelay = settings.Read("drain-delay", defaults.DrainDelay, Values.Duration(TimeSpan.Zero, Day)),
            WantedConnections = wanted,
            MaxConnections = Math.Min(wanted, most),
            Backlog = settings.Read("limits.backlog", defaults.Backlog, Values.WholeNumber(1, 1_000_000)),
            ConnectAttempts = settings.Read("upstream.connect-attempts", defaults.ConnectAttempts, Values.WholeNumber(1, 100)),
            AttemptDelay = settings.Read("upstream.attempt-delay", defaults.AttemptDelay, Values.Duration(TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1))),
            Upstream = limits,
            Loops = settings.Read("loops", defaults.Loops, Values.WholeNumber(1, MaxLoops)),
            Transport = ReadTransport(settings, defaults.Transport),
            Tcp = ReadTcp(settings, defaults.Tcp),
            ConnectionRecords = connectionRecords,
            ConnectionRecordsOrigin = records?.Origin ?? "connection-records.path",
        };
    }

    private static Dictionary<string, ProbeTarget> ReadProbes(SettingSet settings)
    {
        var probes = new Dictionary<string, ProbeTarget>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in settings.ReadMap("probes").Keys)
        {
            if (settings.ReadOptional($"probes.{name}", ProbeTarget.Parse) is { } target)
                probes.Add(name, target);
        }

        return probes;
    }

    private static TransportKind ReadTransport(SettingSet settings, TransportKind usual)
    {
        var transport = settings.Read("transport", usual, Values.OneOf(("epoll", TransportKind.Epoll), ("sockets", TransportKind.Sockets)));
        if (transport == TransportKind.Epoll && !OperatingSystem.IsLinux())
            settings.Refuse(settings.Find("transport")!, "epoll exists only on Linux; use sockets on this system");
        if (transport == TransportKind.Sockets)
            settings.SwitchOff("loops", "the sockets transport has no event loops; remove one of the two");
        return transport;
    }

    private static TcpOptions ReadTcp(SettingSet settings, TcpOptions defaults)
    {
        var parse = Values.OffOr(Values.Duration(TimeSpan.FromSeconds(1), TcpOptions.MaxKeepAlive));
        return new TcpOptions
        {
            NoDelay = settings.Read("tcp.no-delay", defaults.NoDelay, Values.Switch),
            KeepAlive = settings.Read("tcp.keep-alive", defaults.KeepAlive, parse),
            UserTimeout = settings.Read("tcp.user-timeout", defaults.UserTimeout, Values.OffOr(Values.Duration(TimeSpan.FromSeconds(1), Day))),
        };
    }
}
