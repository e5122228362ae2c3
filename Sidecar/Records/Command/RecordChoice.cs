using System.Globalization;
using System.Text;
using Sidecar.Records.Exchanges;

namespace Sidecar.Records.Command;

/// <summary>The choice of records: those that match all conditions.</summary>
internal sealed record RecordChoice
{
    /// <summary>Methods, ignoring case; null for all.</summary>
    public IReadOnlyList<string>? Methods { get; init; }

    /// <summary>Statuses as digits, with x for any digit: 404, 5xx; null for all.</summary>
    public IReadOnlyList<string>? Statuses { get; init; }

    public PathFilter? Paths { get; init; }

    /// <summary>A connection's id.</summary>
    public string? Connection { get; init; }

    public TimeSpan? Slower { get; init; }

    public bool OnlyErrors { get; init; }

    public bool OnlyGrpc { get; init; }

    /// <summary>Reads a status for <see cref="Statuses"/>.</summary>
    /// <exception cref="FormatException">It is not a status.</exception>
    public static string ParseStatus(string text) => text.Length == 3 && text.All(c => char.IsAsciiDigit(c) || c is 'x' or 'X')
        ? text
        : throw new FormatException("a status such as 404 or 5xx is expected");

    public bool Accepts(ReadRecord record) =>
        (Methods is null || Methods.Contains(record.Method, StringComparer.OrdinalIgnoreCase))
        && (Statuses is null || (record.Status is { } status && Statuses.Any(s => Matches(s, status))))
        && (Connection is null || record.Connection == Connection)
        && (Slower is null || record.Latency >= Slower)
        && (!OnlyErrors || record.IsError)
        && (!OnlyGrpc || record.IsGrpc)
        && (Paths is null || Paths.Accepts(Encoding.UTF8.GetBytes(record.Target)));

    private static bool Matches(string pattern, int status)
    {
        var digits = status.ToString(CultureInfo.InvariantCulture);
        return digits.Length == pattern.Length && digits.Zip(pattern).All(pair => pair.Second is 'x' or 'X' || pair.First == pair.Second);
    }
}
