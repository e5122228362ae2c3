namespace Chassis;

/// <summary>A user's text, for a message of one line.</summary>
public static class OneLine
{
    // Enough of a value to recognize it.
    private const int MaxShown = 200;

    /// <summary>The text; line breaks and other control characters, with the blanks around them, become one blank.</summary>
    public static string Of(string text) => text.Any(char.IsControl)
        ? string.Join(' ', string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        : text;

    /// <summary>The text's first 200 characters on one line, with … in place of the others.</summary>
    public static string Start(string text) => text.Length <= MaxShown ? Of(text) : Of(text[..MaxShown]) + "…";
}
