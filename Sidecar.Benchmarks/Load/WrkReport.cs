using System.Globalization;
using System.Text.RegularExpressions;

namespace Sidecar.Benchmarks.Load;

/// <summary>What <c>wrk --latency</c> prints.</summary>
/// <param name="Requests">Answered in all.</param>
/// <param name="RequestsPerSecond">As wrk has it.</param>
/// <param name="P50">Half of the answers came within this many milliseconds.</param>
/// <param name="P99">99 of 100.</param>
/// <param name="Faults">The lines that tell of socket errors and of statuses other than 2xx and 3xx.</param>
internal sealed partial record WrkReport(long Requests, double RequestsPerSecond, double P50, double P99, IReadOnlyList<string> Faults)
{
    private const int RegexLimit = 1000;

    /// <summary>Reads its lines.</summary>
    /// <exception cref="MeasureException">A figure is missing.</exception>
    public static WrkReport Parse(IReadOnlyList<string> lines)
    {
        var text = string.Join('\n', lines);
        return new WrkReport(
            long.Parse(Find(RequestLine(), text, "requests in"), NumberStyles.None, CultureInfo.InvariantCulture),
            double.Parse(Find(RateLine(), text, "Requests/sec"), NumberStyles.Float, CultureInfo.InvariantCulture),
            Milliseconds(Find(HalfLine(), text, "50%")),
            Milliseconds(Find(TailLine(), text, "99%")),
            [.. FaultLine().Matches(text).Select(match => match.Value.Trim())]);
    }

    // "950.00us", "1.23ms", "2.00s", "1.00m"
    private static double Milliseconds(string text)
    {
        var unit = text.TrimStart("0123456789.".ToCharArray());
        var number = double.Parse(text[..^unit.Length], NumberStyles.Float, CultureInfo.InvariantCulture);
        return unit switch
        {
            "us" => number / 1000,
            "ms" => number,
            "s" => number * 1000,
            "m" => number * 60_000,
            _ => throw new MeasureException($"wrk: '{text}' is no time"),
        };
    }

    private static string Find(Regex line, string text, string what) =>
        line.Match(text) is { Success: true } match ? match.Groups["value"].Value : throw new MeasureException($"wrk printed no '{what}': {text}");

    [GeneratedRegex(@"^\s*(?<value>\d+) requests in ", RegexOptions.Multiline | RegexOptions.ExplicitCapture, RegexLimit)]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"^Requests/sec:\s+(?<value>[\d.]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, RegexLimit)]
    private static partial Regex RateLine();

    [GeneratedRegex(@"^\s+50%\s+(?<value>\S+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, RegexLimit)]
    private static partial Regex HalfLine();

    [GeneratedRegex(@"^\s+99%\s+(?<value>\S+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, RegexLimit)]
    private static partial Regex TailLine();

    [GeneratedRegex(@"^\s*(Socket errors:|Non-2xx or 3xx responses:).*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, RegexLimit)]
    private static partial Regex FaultLine();
}
