using Chassis.Net;
using Chassis.Records;
using Chassis.Settings;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs.Http;
using Sidecar.Records.Exchanges.Outputs.Otlp;
using Sidecar.Records.Exchanges.Outputs.Spools;

namespace Sidecar.Records.Exchanges.Outputs;

/// <summary>The output <c>otlp</c>: a span or a log record for each exchange, to a collector of OpenTelemetry.</summary>
internal sealed record OtlpOutput : RecordOutput
{
    /// <summary>Its name.</summary>
    public const string Word = "otlp";

    /// <summary>Its settings.</summary>
    public static readonly IReadOnlyList<SettingOption> Settings =
    [
        .. HttpSettings.All,
        new("--records-token", "records.token", "TEXT|@FILE", "Output otlp: a bearer token; better from a file"),
        new("--records-protocol", "records.protocol", "PROTOCOL", $"Output otlp: {string.Join(", ", OtlpProtocols.All.Select(named => named.Word))} [default: {OtlpProtocols.WordOf(default)}]"),
        new("--records-signal", "records.signal", "SIGNAL", $"Output otlp: what a record becomes: traces, a span, or logs, a log record [default: {OtlpSignal.Traces}]"),
        new("--records-service", "records.service", "NAME", "Output otlp: the attribute service.name [default: OTEL_SERVICE_NAME in the environment, or sidecar]"),
    ];

    /// <summary>The collector.</summary>
    public required Uri Url { get; init; }

    /// <summary>A bearer token; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>The protocol; default OTLP/HTTP in protobuf.</summary>
    public OtlpProtocol Protocol { get; init; }

    /// <summary>What a record becomes; default a span.</summary>
    internal OtlpSignal Signal { get; init; } = OtlpSignal.Traces;

    /// <summary>The attribute <c>service.name</c>; null for the environment's.</summary>
    public string? Service { get; init; }

    /// <summary>The authorities to trust; null for the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>Where records stay while the server is away; null for nowhere.</summary>
    public SpoolOptions? Spool { get; init; }

    internal override string Kind => Word;

    internal override (string Path, string Origin)? File => Spool is { } spool ? (spool.Folder, spool.Origin) : null;

    internal override string Description => $"{Url.GetLeftPart(UriPartial.Path).TrimEnd('/')}, {Signal}";

    internal override string OnlyFormat => "otel";

    internal override string LinesOf(string format) => Signal.Format;

    /// <summary>Reads it; null with an error if it has no address.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="key">The key above its settings.</param>
    public static OtlpOutput? Read(SettingSet settings, string key)
    {
        var url = HttpSettings.ReadUrl(settings, key, "http://collector:4318");
        var output = new OtlpOutput
        {
            Url = url ?? new Uri("http://none"),
            Origin = settings.Find($"{key}.url")?.Origin ?? "default",
            Token = settings.ReadOptional($"{key}.token", Values.OrFile(HttpSettings.ParseSecret)),
            Protocol = settings.Read($"{key}.protocol", OtlpProtocol.HttpProtobuf, Values.OneOf(OtlpProtocols.All), OtlpProtocols.WordOf),
            Signal = settings.Read($"{key}.signal", OtlpSignal.Traces, Values.OneOf(("traces", OtlpSignal.Traces), ("logs", OtlpSignal.Logs))),
            Service = settings.ReadOptional($"{key}.service", text => text),
            CaFile = settings.ReadOptional($"{key}.ca-file", text => text),
            Spool = HttpSettings.ReadSpool(settings, key),
        };
        return url is null ? null : output;
    }

    internal override void Check()
    {
        Authorities.Read(CaFile, HttpSettings.CaFile);
        OtlpResource.Of(Service, Environment.GetEnvironmentVariable);
        Spool?.Check();
    }

    internal override ILineOutput Open(OutputContext context) =>
        SpooledOutput.Open(new SignalOutput(this, Authorities.Read(CaFile, HttpSettings.CaFile), context), Spool, $"{Kind} {LinesOf(context.Format)}", context);
}
