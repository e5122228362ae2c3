using Chassis.Net;
using Chassis.Records;
using Chassis.Settings;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs.Http;
using Sidecar.Records.Exchanges.Outputs.Otlp;
using Sidecar.Records.Exchanges.Outputs.Spools;

namespace Sidecar.Records.Exchanges.Outputs;

/// <summary>The output <c>otlp</c>: a span for each exchange, to a collector of OpenTelemetry by HTTP.</summary>
internal sealed record OtlpOutput : RecordOutput
{
    /// <summary>Its name.</summary>
    public const string Word = "otlp";

    /// <summary>Its settings.</summary>
    public static readonly IReadOnlyList<SettingOption> Settings =
    [
        .. HttpSettings.All,
        new("--records-token", "records.token", "TEXT|@FILE", "Output otlp: a bearer token; better from a file"),
        new("--records-service", "records.service", "NAME", $"Output otlp: service.name of the spans [default: {DefaultService}]"),
    ];

    private const string DefaultService = "sidecar";

    /// <summary>The collector.</summary>
    public required Uri Url { get; init; }

    /// <summary>A bearer token; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>The attribute <c>service.name</c>.</summary>
    public string Service { get; init; } = DefaultService;

    /// <summary>The authorities to trust; null for the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>Where records stay while the server is away; null for nowhere.</summary>
    public SpoolOptions? Spool { get; init; }

    internal override string Kind => Word;

    internal override (string Path, string Origin)? File => Spool is { } spool ? (spool.Folder, spool.Origin) : null;

    internal override string Description => Url.GetLeftPart(UriPartial.Path).TrimEnd('/');

    internal override string OnlyFormat => "otel";

    internal override string LinesOf(string format) => SpanFormat.FormatName;

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
            Token = settings.ReadOptional($"{key}.token", Values.OrFile(text => text.TrimEnd())),
            Service = settings.Read($"{key}.service", DefaultService, text => text),
            CaFile = settings.ReadOptional($"{key}.ca-file", text => text),
            Spool = HttpSettings.ReadSpool(settings, key),
        };
        return url is null ? null : output;
    }

    internal override void Check()
    {
        Authorities.Read(CaFile, HttpSettings.CaFile);
        Spool?.Check();
    }

    internal override ILineOutput Open(OutputContext context) =>
        SpooledOutput.Open(new SpanOutput(this, Authorities.Read(CaFile, HttpSettings.CaFile), context), Spool, $"{Kind} {LinesOf(context.Format)}", context);
}
