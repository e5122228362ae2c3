using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>The settings of <c>Sidecar observe</c>.</summary>
internal static class ObserveReader
{
    private const string Source = "capture.source";
    private const int MinBuffer = 1024 * 1024;
    private const int MaxBuffer = 1024 * 1024 * 1024;

    private static readonly CaptureOptions Defaults = new();

    /// <summary>The options of its command line.</summary>
    public static readonly IReadOnlyList<SettingOption> Options =
    [
        new("--config", SettingTable.ConfigKey, "FILE", "YAML file with any of these settings; read again when it changes and on SIGHUP"),
        new("--capture", Source, "SOURCE", "ebpf, packet, a file in the format pcap or pcapng, or - for such a file on stdin [default: ebpf; packet where eBPF is not possible, or with an interface]"),
        new("--capture-ports", "capture.ports", "PORT,...", "Ports of the servers to observe [default: all]"),
        new("--capture-cidrs", "capture.cidrs", "CIDR,...", "Networks of the servers to observe, such as 10.0.0.0/8,!10.96.0.0/12; ! excludes [default: all]"),
        new("--capture-interface", "capture.interface", "NAME", "packet: the network interface [default: all]"),
        new("--capture-protos", "capture.protos", "HTTP/1,HTTP/2", "Versions of HTTP to observe; gRPC is HTTP/2 [default: HTTP/1,HTTP/2]"),
        new("--capture-cgroups", "capture.cgroups", "FOLDER,...", "ebpf: the control groups (version 2) of the processes to observe, with those below them [default: all processes]"),
        new("--capture-namespaces", "capture.namespaces", "NAME,...", "Namespaces of Kubernetes of the pods to observe; ! excludes; needs --kubernetes-names on [default: all]"),
        new("--capture-buffer", "capture.buffer", "SIZE", $"Memory for packets between the kernel and this program, a power of two from 1MB to 1GB [default: {Values.DisplaySize(Defaults.Buffer)}]"),
        .. ProcessSettings.Records,
        .. ProcessSettings.Observation,
        .. ProcessSettings.Endpoints,
        ProcessSettings.LogLevel,
    ];

    /// <summary>Reads the options.</summary>
    /// <exception cref="Chassis.UsageException">Settings are unknown, wrong or contradict each other, with a line for each.</exception>
    public static ObserveOptions Read(SettingSet settings)
    {
        settings.Find(SettingTable.ConfigKey);
        // As for other programs that capture, the usual place of the result is stdout.
        if (!settings.All.Any(setting => setting.Key.StartsWith("records", StringComparison.OrdinalIgnoreCase)))
            settings.Add([new Setting("records.path", "-", SettingSet.DefaultOrigin)]);
        var options = ProcessSettings.Read(settings, new ObserveOptions { Capture = ReadCapture(settings) });
        if (options.Kubernetes.Names != PeerNaming.On)
            settings.SwitchOff("capture.namespaces", "without names nothing is known of namespaces; take kubernetes.names: on, or remove this", cause: "kubernetes.names");
        if (options.Capture.Kind == CaptureKind.File)
            options = options with { Records = [.. options.Records.Select(entry => WithoutRates(settings, entry))] };
        settings.RefuseUnknown();
        foreach (var conflict in FileConflicts.Of(options.Records))
            settings.Refuse(conflict);
        settings.ThrowErrors();
        return options;
    }

    // The rates protect others from one client's flood; a file has no others, and is read as slowly as its records are written.
    private static ExchangeRecordOptions WithoutRates(SettingSet settings, ExchangeRecordOptions entry) => entry with
    {
        ConnectionRate = IsGiven(settings, "connection-rate") ? entry.ConnectionRate : null,
        ClientRate = IsGiven(settings, "client-rate") ? entry.ClientRate : null,
    };

    private static bool IsGiven(SettingSet settings, string name) => settings.All.Any(setting => setting.Key.EndsWith($".{name}", StringComparison.OrdinalIgnoreCase));

    private static CaptureOptions ReadCapture(SettingSet settings)
    {
        var (kind, file) = settings.Read(Source, (CaptureKind.Auto, null), ParseSource, source => source.File ?? (source.Kind == CaptureKind.Auto ? null : source.Kind.ToString()));
        // Only a packet socket is bound to an interface.
        if (kind == CaptureKind.Auto && settings.Find("capture.interface") is not null)
            kind = CaptureKind.Packet;
        if (kind is CaptureKind.Ebpf or CaptureKind.File)
            settings.SwitchOff("capture.interface", "only a packet socket is bound to an interface; use --capture packet, or remove one of the two");
        if (kind is CaptureKind.Packet or CaptureKind.File)
            settings.SwitchOff("capture.cgroups", "only eBPF knows control groups; use --capture ebpf, or remove one of the two");
        if (kind == CaptureKind.File)
            settings.SwitchOff("capture.buffer", "a file has no ring; remove one of the two");
        return new CaptureOptions
        {
            Kind = kind,
            File = file,
            Origin = settings.Find(Source)?.Origin ?? Source,
            Interface = settings.ReadOptional("capture.interface", text => text),
            Buffer = settings.Read("capture.buffer", Defaults.Buffer, ParseBuffer, size => Values.WriteSize(size)),
            Choice = new CaptureChoice
            {
                Ports = settings.ReadList("capture.ports", Defaults.Choice.Ports, Values.WholeNumber(1, ushort.MaxValue)),
                Cidrs = settings.ReadList("capture.cidrs", Defaults.Choice.Cidrs, RecordReader.ParseNetwork),
                Protocols = RecordReader.ReadProtocols(settings, "capture.protos"),
                Cgroups = settings.ReadList("capture.cgroups", Defaults.Choice.Cgroups, text => text),
                Namespaces = settings.ReadList("capture.namespaces", Defaults.Choice.Namespaces, text => text),
            },
        };
    }

    private static (CaptureKind Kind, string? File) ParseSource(string text) => text switch
    {
        "ebpf" => (CaptureKind.Ebpf, null),
        "packet" => (CaptureKind.Packet, null),
        _ => (CaptureKind.File, text),
    };

    private static int ParseBuffer(string text)
    {
        var size = (int)Values.Size(MinBuffer, MaxBuffer)(text);
        return int.IsPow2(size) ? size : throw new FormatException("a power of two is expected, such as 64MB");
    }
}
