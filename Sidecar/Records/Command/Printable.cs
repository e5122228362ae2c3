using System.Globalization;
using System.Text;

namespace Sidecar.Records.Command;

/// <summary>Text for a terminal. Text that peers chose cannot control the terminal.</summary>
internal static class Printable
{
    /// <summary>The text with a dot in place of each invisible character.</summary>
    public static string Of(string text)
    {
        var shown = new StringBuilder(text.Length);
        // A lone surrogate comes as U+FFFD, which is visible.
        foreach (var rune in text.EnumerateRunes())
            shown.Append(IsUnseen(rune) ? "." : rune.ToString());
        return shown.ToString();
    }

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

    // Control characters, changes of the text's direction, characters without width, and those that look different on every terminal.
    private static bool IsUnseen(Rune rune) => IsIgnorable(rune.Value) || Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate;

    // Letters and marks that are not drawn (Unicode's DerivedCoreProperties, Default_Ignorable_Code_Point).
    private static bool IsIgnorable(int value) => value is 0x34f or 0x115f or 0x1160 or 0x17b4 or 0x17b5 or (>= 0x180b and <= 0x180f)
        or 0x3164 or (>= 0xfe00 and <= 0xfe0f) or 0xffa0 or (>= 0xe0100 and <= 0xe01ef);
}
