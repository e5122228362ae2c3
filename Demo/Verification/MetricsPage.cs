using System.Globalization;
using System.Text.RegularExpressions;

namespace Demo.Verification;

/// <summary>The samples of a page in the Prometheus text format.</summary>
internal sealed partial class MetricsPage
{
    private readonly List<(string Name, string Labels, double Value)> _samples;

    /// <summary>Reads a page.</summary>
    /// <exception cref="FormatException">A line is neither a comment nor a sample.</exception>
    public MetricsPage(string text) => _samples =
        [.. text.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(Read)];

    /// <summary>The sum of a metric's samples that bear all the labels, each written <c>name="value"</c>; 0 when there is none.</summary>
    public double Sum(string name, params IEnumerable<string> labels) => _samples
        .Where(sample => sample.Name == name && labels.All(label => HasLabel(sample.Labels, label)))
        .Sum(sample => sample.Value);

    private static bool HasLabel(string labels, string label) => $",{labels},".Contains($",{label},", StringComparison.Ordinal);

    private static (string Name, string Labels, double Value) Read(string line) =>
        Sample().Match(line) is { Success: true } match
            ? (match.Groups["name"].Value, match.Groups["labels"].Value, Number(match.Groups["value"].Value))
            : throw new FormatException($"'{line}' is no sample of the Prometheus text format");

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    [GeneratedRegex("^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)([{](?<labels>.*)[}])? +(?<value>[^ ]+)( +[0-9-]+)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Sample();
}
