using Chassis.Settings;
using Sidecar.Hosting.Metrics;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs.Http;
using Sidecar.Records.Exchanges.Outputs.Otlp;

namespace Sidecar.Configuration;

/// <summary>Reads where metrics are sent.</summary>
internal static class MetricsExportReader
{
    private const string Key = "metrics.otlp";

    private static readonly MetricsExportOptions Defaults = new() { Url = new Uri("http://none") };

    // OpenTelemetry's SDK sends metrics in protobuf alone.
    private static readonly (string Word, OtlpProtocol Protocol)[] Protocols = [.. OtlpProtocols.All.Where(named => named.Protocol != OtlpProtocol.HttpJson)];

    /// <summary>Its settings.</summary>
    public static readonly IReadOnlyList<SettingOption> Settings =
    [
        new("--metrics-otlp", $"{Key}.url", "URL", "Sends all metrics to a collector of OpenTelemetry too, such as http://collector:4318 [default: none]"),
        new("--metrics-otlp-protocol", $"{Key}.protocol", "PROTOCOL", $"{string.Join(" or ", Protocols.Select(named => named.Word))} [default: {OtlpProtocols.WordOf(Defaults.Protocol)}]"),
        new("--metrics-otlp-interval", $"{Key}.interval", "TIME", $"Time between two requests with metrics [default: {Values.Display(Defaults.Interval)}]"),
        new("--metrics-otlp-service", $"{Key}.service", "NAME", "The attribute service.name of metrics [default: OTEL_SERVICE_NAME in the environment, or sidecar]"),
        new("--metrics-otlp-token", $"{Key}.token", "TEXT|@FILE", "A bearer token for the metrics' collector; better from a file"),
        new("--metrics-otlp-ca-file", $"{Key}.ca-file", "FILE", "PEM file with the authorities to trust for the metrics' collector [default: the system's]"),
    ];

    /// <summary>Reads it; null for nowhere.</summary>
    public static MetricsExportOptions? Read(SettingSet settings)
    {
        var url = settings.ReadOptional($"{Key}.url", HttpSettings.ParseUrl);
        var options = Defaults with
        {
            Url = url ?? Defaults.Url,
            Protocol = settings.Read($"{Key}.protocol", Defaults.Protocol, Values.OneOf(Protocols), OtlpProtocols.WordOf),
            Interval = settings.Read($"{Key}.interval", Defaults.Interval, Values.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1))),
            Service = settings.ReadOptional($"{Key}.service", text => text),
            Token = settings.ReadOptional($"{Key}.token", Values.OrFile(HttpSettings.ParseSecret)),
            CaFile = settings.ReadOptional($"{Key}.ca-file", text => text),
        };
        if (!MetricsExport.IsSupported && settings.FindAny(Key) is { } chosen)
            settings.Refuse(chosen, "a native build sends no metrics; take the build for the .NET runtime (image sidecar-runtime), or let the collector scrape /metrics");
        if (url is not null)
            return options;
        settings.DropDefaults(Key);
        if (!settings.IsWrong(Key) && settings.FindAny(Key) is { } unused)
            settings.Refuse(unused, $"no metrics are sent: give {Key}.url (--metrics-otlp URL) or remove this");
        return null;
    }
}
