using System.Text;

namespace Chassis.Metrics;

/// <summary>Makes Prometheus names of instrument names, by OpenTelemetry's compatibility specification.</summary>
internal static class MetricNames
{
    /// <summary>The default buckets of Prometheus' client libraries, in seconds.</summary>
    public static readonly double[] DefaultSecondsBuckets = [.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10];

    // The text format reserves these suffixes for the parts of histograms and summaries.
    private static readonly string[] Reserved = ["_count", "_sum", "_bucket"];

    public static string ForPrometheus(string name, string? unit, MetricType type)
    {
        var text = new StringBuilder(name.Length + 16);
        foreach (var c in name)
            text.Append(char.IsAsciiLetterOrDigit(c) || c == ':' ? c : '_');
        if (text.Length == 0 || char.IsAsciiDigit(text[0]))
            text.Insert(0, '_');
        AppendOnce(text, UnitSuffix(unit));
        if (type == MetricType.Counter)
            AppendOnce(text, "_total");
        var rendered = text.ToString();
        return type != MetricType.Histogram && Array.Exists(Reserved, s => rendered.EndsWith(s, StringComparison.Ordinal))
            ? rendered + "_current"
            : rendered;
    }

    /// <summary>A label name that prometheus-net accepts; it throws for others: <c>http_route</c>.</summary>
    public static string ForLabel(string key)
    {
        var text = string.Create(key.Length, key, (name, from) =>
        {
            for (var i = 0; i < from.Length; i++)
                name[i] = char.IsAsciiLetterOrDigit(from[i]) ? from[i] : '_';
        });
        // Prometheus reserves two underscores at the start, and the label le, which tells the buckets of a histogram apart.
        return text.StartsWith("__", StringComparison.Ordinal) ? "_" + text.TrimStart('_')
            : text.Length == 0 || char.IsAsciiDigit(text[0]) ? "_" + text
            : text == "le" ? "le_"
            : text;
    }

    private static string UnitSuffix(string? unit) => unit switch
    {
        "s" => "_seconds",
        "By" => "_bytes",
        _ => "",
    };

    private static void AppendOnce(StringBuilder text, string suffix)
    {
        var name = text.ToString();
        if (!name.EndsWith(suffix, StringComparison.Ordinal) && !name.EndsWith(suffix + "_total", StringComparison.Ordinal))
            text.Append(suffix);
    }
}
