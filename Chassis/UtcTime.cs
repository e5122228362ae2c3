using System.Globalization;

namespace Chassis;

/// <summary>A time as a reader of JSON gets it.</summary>
public static class UtcTime
{
    /// <summary>RFC 3339 in UTC, with milliseconds: <c>2026-01-31T12:00:00.000Z</c>.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
