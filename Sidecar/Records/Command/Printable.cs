using System.Globalization;

namespace Sidecar.Records.Command;

/// <summary>What a terminal is shown. Text that peers chose cannot speak to it.</summary>
internal static class Printable
{
    /// <summary>The text with a dot in place of each character that is not to be seen.</summary>
    public static string Of(string text) => text.Any(IsUnseen) ? string.Concat(text.Select(c => IsUnseen(c) ? '.' : c)) : text;

    /// <summary>A duration in three digits and its unit.</summary>
    public static string Of(TimeSpan span) => span.TotalSeconds >= 0.9995 ? $"{Digits(span.TotalSeconds)}s"
        : span.TotalMilliseconds >= 0.9995 ? $"{Digits(span.TotalMilliseconds)}ms"
        : $"{span.TotalMicroseconds.ToString("F0", CultureInfo.InvariantCulture)}µs";

    /// <summary>A number of bytes in three digits and its unit.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1000 => $"{bytes}B",
        < 999_500 => $"{Digits(bytes / 1e3)}KB",
        < 999_500_000 => $"{Digits(bytes / 1e6)}MB",
        _ => $"{Digits(bytes / 1e9)}GB",
    };

    private static string Digits(double number) =>
        number.ToString(number switch { < 9.995 => "F2", < 99.95 => "F1", _ => "F0" }, CultureInfo.InvariantCulture);

    // Controls, and what turns the direction of the text or has no width.
    private static bool IsUnseen(char c) =>
        char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
