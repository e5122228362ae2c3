using System.Buffers;
using System.Globalization;
using System.Text;

namespace Chassis.Metrics;

/// <summary>The Prometheus text exposition format, version 0.0.4.</summary>
internal static class PrometheusText
{
    public static void Write(IBufferWriter<byte> output, MetricFamily family)
    {
        var series = family.Series.ToList();
        if (series.Count == 0)
            return;
        Append(output, $"# HELP {family.Name} {Escape(family.Help)}\n# TYPE {family.Name} {TypeName(family.Type)}\n");
        foreach (var one in series)
        {
            if (family.Bounds is { } bounds)
                WriteHistogram(output, family.Name, one, bounds);
            else
                Append(output, $"{family.Name}{Braces(one.Labels)} {Number(one.Value)}\n");
        }
    }

    private static void WriteHistogram(IBufferWriter<byte> output, string name, MetricSeries series, double[] bounds)
    {
        var separator = series.Labels.Length > 0 ? "," : "";
        long count = 0;
        for (var i = 0; i <= bounds.Length; i++)
        {
            count += series.Bucket(i);
            var bound = i < bounds.Length ? Number(bounds[i]) : "+Inf";
            Append(output, $"{name}_bucket{{{series.Labels}{separator}le=\"{bound}\"}} {count}\n");
        }

        // The count is that of the last bucket, so that one scrape never contradicts itself.
        Append(output, $"{name}_sum{Braces(series.Labels)} {Number(series.Value)}\n{name}_count{Braces(series.Labels)} {count}\n");
    }

    private static string TypeName(MetricType type) => type switch
    {
        MetricType.Counter => "counter",
        MetricType.Histogram => "histogram",
        _ => "gauge",
    };

    private static string Braces(string labels) => labels.Length > 0 ? $"{{{labels}}}" : "";

    private static string Escape(string help) =>
        help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString(CultureInfo.InvariantCulture);

    private static void Append(IBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);
}
