using System.Text.RegularExpressions;

namespace Chassis.Settings;

/// <summary>One configured value and the place it came from, so that an error can name both.</summary>
/// <param name="Key">Path of the setting, parts joined by a dot: <c>listeners.0.role</c>.</param>
/// <param name="Value">The text as written.</param>
/// <param name="Origin">An option (<c>--role</c>), a file's line and key, or an environment variable.</param>
public sealed partial record Setting(string Key, string Value, string Origin)
{
    /// <summary>The error for this setting: origin, value (its first 200 characters, without what may be a key) and reason in one line.</summary>
    public UsageException Error(string reason) => new($"{Origin} '{OneLine.Start(Shown)}': {reason}");

    // An expression in parentheses may have a key.
    private string Shown => Value.Contains('(', StringComparison.Ordinal) ? Secret().Replace(Value, "…") : Value;

    // Keys of transforms stand in quotes, or should; shorter ones are no secret.
    [GeneratedRegex("\"[^\"]{16,}(?:\"|$)|[0-9a-fA-F]{32,}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Secret();
}
