using Chassis.Settings;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs.Otlp;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>All formats by their names.</summary>
internal static class RecordFormats
{
    private static readonly (string Name, Func<RecordText, RecordFormat> Create)[] All =
    [
        ("perisco", text => new PeriscoFormat(text, PeriscoShape.First)),
        ("perisco-v2", text => new PeriscoFormat(text, PeriscoShape.Second)),
        ("otel", text => new OtelFormat(text)),
        ("ecs", text => new EcsFormat(text)),
        ("envoy", text => new EnvoyFormat(text)),
    ];

    // Each is of one output, which chooses it.
    private static readonly (string Name, Func<RecordText, RecordFormat> Create)[] OfOutputs =
    [
        (OtlpSignal.Traces.Format, text => new SpanFormat(text)),
        (OtlpSignal.Logs.Format, text => new LogFormat(text)),
    ];

    /// <summary>The names as a user writes them.</summary>
    public static IEnumerable<string> Names => All.Select(format => format.Name);

    /// <summary>Reads a name.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static string Parse(string text) => Values.OneOf([.. Names.Select(name => (name, name))])(text);

    /// <summary>Makes the format of an entry's lines.</summary>
    public static RecordFormat Create(ExchangeRecordOptions options, WallClock clock) =>
        Create(options.Output.LinesOf(options.Format), RecordText.Create(options, clock));

    /// <summary>Makes the format of a name.</summary>
    public static RecordFormat Create(string name, RecordText text) => All.Concat(OfOutputs).Single(format => format.Name == name).Create(text);
}
