using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>All formats by their names.</summary>
internal static class RecordFormats
{
    private static readonly (string Name, Func<ExchangeRecordOptions, TimeProvider, IRecordFormat> Create)[] All =
    [
        ("perisco", PeriscoFormat.Create),
    ];

    /// <summary>The names as a user writes them.</summary>
    public static IEnumerable<string> Names => All.Select(format => format.Name);

    /// <summary>Reads a name.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static string Parse(string text) => Values.OneOf([.. Names.Select(name => (name, name))])(text);

    /// <summary>Makes the format that the options name.</summary>
    public static IRecordFormat Create(ExchangeRecordOptions options, TimeProvider time) => All.Single(format => format.Name == options.Format).Create(options, time);
}
