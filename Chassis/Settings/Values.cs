using System.Globalization;
using System.Text.RegularExpressions;

namespace Chassis.Settings;

/// <summary>Parsers of common values; each throws a <see cref="FormatException"/> with the expected form.</summary>
public static partial class Values
{
    private static readonly string[] SizeUnits = ["KB", "MB", "GB", "TB"];

    /// <summary>A whole number within a range.</summary>
    public static Func<string, int> WholeNumber(int min, int max) => text =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new FormatException($"a whole number {min} to {max} is expected");

    /// <summary>A port to connect to, 1 to 65535.</summary>
    public static int Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535
            ? port
            : throw new FormatException("a port 1 to 65535 is expected");

    /// <summary>A duration with its unit (ms, s, m, h) within a range.</summary>
    public static Func<string, TimeSpan> Duration(TimeSpan min, TimeSpan max) => text =>
    {
        var match = DurationPattern().Match(text);
        if (!match.Success)
            throw new FormatException("a duration with its unit is expected, such as 500ms, 3s, 5m or 1h");
        var milliseconds = double.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) * match.Groups["unit"].Value switch
        {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            _ => 3_600_000,
        };
        // Compared before it becomes a TimeSpan, which overflows at about ten thousand years.
        return milliseconds >= min.TotalMilliseconds && milliseconds <= max.TotalMilliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw new FormatException($"a duration from {Display(min)} to {Display(max)} is expected");
    };

    /// <summary>A number of bytes with its unit (KB, MB, GB, TB; each is 1024 times the one before) within a range.</summary>
    public static Func<string, long> Size(long min, long max) => text =>
    {
        var unit = text.Length > 2 ? Array.IndexOf(SizeUnits, text[^2..].ToUpperInvariant()) : -1;
        if (unit < 0 || !int.TryParse(text[..^2], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new FormatException("a size with its unit is expected, such as 64KB, 100MB or 2GB");
        var size = (Int128)number << (10 * (unit + 1));
        return size >= min && size <= max ? (long)size : throw new FormatException($"a size from {DisplaySize(min)} to {DisplaySize(max)} is expected");
    };

    /// <summary>An absolute http URL, without query and fragment; the trailing slash is dropped.</summary>
    public static Uri HttpUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Query.Length == 0 && url.Fragment.Length == 0
            ? new Uri(url.AbsoluteUri.TrimEnd('/'))
            : throw new FormatException("an address such as http://127.0.0.1:9000 is expected");

    /// <summary>One of some words.</summary>
    public static Func<string, T> OneOf<T>(params (string Word, T Value)[] words) => text =>
    {
        foreach (var (word, value) in words)
        {
            if (string.Equals(word, text, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        throw new FormatException($"one of {string.Join(", ", words.Select(w => w.Word))} is expected");
    };

    /// <summary>A switch: on and off as in nginx, true and false as in YAML.</summary>
    public static Func<string, bool> Switch { get; } = OneOf(("on", true), ("off", false), ("true", true), ("false", false));

    /// <summary><c>off</c>, which is null, or a value.</summary>
    public static Func<string, T?> OffOr<T>(Func<string, T> parse)
        where T : struct => text => text == "off" ? null : parse(text);

    /// <summary>A value, or <c>@FILE</c>: then the file's text is the value, so that no secret is on a command line.</summary>
    public static Func<string, T> OrFile<T>(Func<string, T> parse) => text => parse(text is ['@', .. var path] ? ReadFile(path) : text);

    /// <summary>The shortest form of a duration that <see cref="Duration"/> reads: 1500ms, 3s, 5m, 24h.</summary>
    public static string Display(TimeSpan span) => span switch
    {
        { Ticks: var t } when t % TimeSpan.TicksPerHour == 0 && t > 0 => $"{span.TotalHours}h",
        { Ticks: var t } when t % TimeSpan.TicksPerMinute == 0 && t > 0 => $"{span.TotalMinutes}m",
        { Ticks: var t } when t % TimeSpan.TicksPerSecond == 0 => $"{span.TotalSeconds}s",
        _ => $"{span.TotalMilliseconds}ms",
    };

    /// <summary>The shortest form of a whole number of kilobytes that <see cref="Size"/> reads: 64KB, 100MB.</summary>
    public static string DisplaySize(long size)
    {
        var unit = 0;
        for (size >>= 10; size >= 1024 && size % 1024 == 0 && unit < SizeUnits.Length - 1; unit++)
            size >>= 10;
        return $"{size}{SizeUnits[unit]}";
    }

    /// <summary>A value as these parsers read it: <c>off</c> for null, <c>on</c>, <c>off</c>, a duration, a lower-case word.</summary>
    public static string Write<T>(T? value) => value switch
    {
        null => "off",
        bool isOn => isOn ? "on" : "off",
        TimeSpan span => Display(span),
        Enum word => word.ToString().ToLowerInvariant(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    /// <summary>A size as <see cref="Size"/> reads it; <c>off</c> for null.</summary>
    public static string WriteSize(long? size) => size is { } bytes ? DisplaySize(bytes) : "off";

    private static string ReadFile(string path)
    {
        try
        {
            return YamlSource.ReadText(path, "file").Trim();
        }
        catch (UsageException error)
        {
            throw new FormatException(error.Message, error);
        }
    }

    [GeneratedRegex("^(?<number>[0-9]{1,9}([.][0-9]{1,6})?)(?<unit>ms|s|m|h)$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex DurationPattern();
}
