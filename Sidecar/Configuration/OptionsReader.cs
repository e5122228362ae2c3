using System.Net;
using Chassis;
using Chassis.Endpoints;
using Chassis.Expressions;
using Chassis.Net;
using Chassis.Settings;
using Oracle.Protocol.Expressions;
using Sidecar.Hosting;
using Sidecar.Observation;
using Sidecar.Observation.Memory;
using Sidecar.Transport;

namespace Sidecar.Configuration;

/// <summary>Turns settings into options; every error names the setting's origin.</summary>
internal static class OptionsReader
{
    /// <summary>A number of connections at once.</summary>
    public static readonly Func<string, int> ParseConnections = Values.WholeNumber(1, 10_000_000);
    private const int MaxLoops = 256;
    private const string Off = "off";

    // So that a few connections can be observed, and a container's memory can be named.
    private const long MinObservationMemory = 1024 * 1024;
    private const long MaxObservationMemory = 64L * 1024 * 1024 * 1024;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Lays file, environment and command line over each other and reads them.</summary>
    /// <exception cref="UsageException">A setting is unknown, wrong, or contradicts another.</exception>
    public static SidecarOptions Load(IReadOnlyList<Setting> commandLine, IEnumerable<Setting> environment)
    {
        var settings = SettingLayers.Load(SettingTable.ConfigKey, [.. environment], commandLine);
        var options = Read(settings);
        settings.RefuseUnknown();
        // Behind the check of all keys: "listener:" is a typing error, not a missing listener.
        if (options.Listeners.Count == 0)
            throw NoListener(settings.Find(SettingTable.ConfigKey));
        AddressConflicts.Refuse(options);
        return options;
    }

    private static UsageException NoListener(Setting? file) => new(file is null
        ? "no listener: give --listen ADDRESS:PORT, the positional form or --config FILE; try --help"
        : $"{file.Value}: no listener; 'listeners:' is expected, with '- listen: ADDRESS:PORT' below it");

    private static SidecarOptions Read(SettingSet settings)
    {
        var records = settings.Find("connection-records.path");
        var connectionRecords = records is { Value: Off } ? null : records?.Value ?? "-";
        var language = LanguageSettings.Read(settings, TransformLanguage.Default);
        var listeners = ListenerReader.ReadAll(settings, language);
        var most = LimitCheck.MostConnections(listeners);
        var wanted = settings.Read("limits.connections", most, ParseConnections);
        return new SidecarOptions
        {
            Listeners = listeners,
            Language = language,
            Metrics = ReadEndpoint(settings, "metrics", ListenAddress.Any, 15090),
            Health = ReadEndpoint(settings, "health", ListenAddress.Any, 15021),
            Admin = ReadAdmin(settings),
            Timeouts = ReadTimeouts(settings),
            Drain = settings.Read("drain", TimeSpan.FromSeconds(5), Values.Duration(TimeSpan.Zero, Day)),
            WantedConnections = wanted,
            MaxConnections = Math.Min(wanted, most),
            Backlog = settings.Read("limits.backlog", ListenSockets.DefaultBacklog, Values.WholeNumber(1, 1_000_000)),
            ConnectAttempts = settings.Read("upstream.connect-attempts", 3, Values.WholeNumber(1, 100)),
            AttemptDelay = settings.Read("upstream.attempt-delay", TimeSpan.FromMilliseconds(250), Values.Duration(TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1))),
            Transport = ReadTransport(settings),
            Loops = settings.Read("loops", Environment.ProcessorCount, Values.WholeNumber(1, MaxLoops)),
            Tcp = ReadTcp(settings),
            ConnectionRecords = connectionRecords,
            ConnectionRecordsOrigin = records?.Origin ?? "connection-records.path",
            Observation = new() { HeadBytes = settings.Read("observation.head-bytes", ObservationLimits.DefaultHeadBytes, Values.WholeNumber(1024, 1024 * 1024)) },
            ObservationMemory = settings.Read("observation.memory", ObservationMemory.DefaultHere, Values.Size(MinObservationMemory, MaxObservationMemory)),
            Records = RecordSettings.Read(settings, connectionRecords),
            LogLevel = settings.Read("log.level", Microsoft.Extensions.Logging.LogLevel.Information, ServiceLogging.ParseLevel),
        };
    }

    private static EndpointOptions ReadEndpoint(SettingSet settings, string name, IPAddress defaultAddress, int defaultPort)
    {
        var setting = settings.Find($"{name}.address");
        var address = settings.Read($"{name}.address", new IPEndPoint(defaultAddress, defaultPort), ListenAddress.Parse);
        return new EndpointOptions(address, setting?.Origin) { Hosts = settings.ReadList($"{name}.hosts", DestinationPattern.Parse) ?? [] };
    }

    // "admin: off" and "admin: {address: off}" say the same.
    private static EndpointOptions? ReadAdmin(SettingSet settings)
    {
        if (settings.FindWord("admin") is { } whole)
            return whole.Value == Off ? null : throw whole.Error("off, or an address below it, is expected");
        var setting = settings.Find("admin.address");
        return setting?.Value == Off
            ? null
            : new EndpointOptions(settings.Read("admin.address", new IPEndPoint(IPAddress.Loopback, 15000), ListenAddress.ParseWithUnix), setting?.Origin);
    }

    private static TransportKind ReadTransport(SettingSet settings)
    {
        var wanted = OperatingSystem.IsLinux() ? TransportKind.Epoll : TransportKind.Sockets;
        var transport = settings.Read("transport", wanted, Values.OneOf(("epoll", TransportKind.Epoll), ("sockets", TransportKind.Sockets)));
        if (transport == TransportKind.Epoll && !OperatingSystem.IsLinux())
            throw settings.Find("transport")!.Error("epoll is Linux' own; use sockets on this system");
        if (transport == TransportKind.Sockets && settings.Find("loops") is { } loops)
            throw loops.Error("the sockets transport has no event loops; remove one of the two");
        return transport;
    }

    private static TcpOptions ReadTcp(SettingSet settings)
    {
        var parse = Values.OffOr(Values.Duration(TimeSpan.FromSeconds(1), TcpOptions.MaxKeepAlive));
        return new TcpOptions
        {
            NoDelay = settings.Read("tcp.no-delay", true, Values.Switch),
            KeepAlive = settings.Read("tcp.keep-alive", null, parse),
            UserTimeout = settings.Read("tcp.user-timeout", null, Values.OffOr(Values.Duration(TimeSpan.FromSeconds(1), Day))),
        };
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
