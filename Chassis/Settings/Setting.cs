using System.Text.RegularExpressions;

namespace Chassis.Settings;

/// <summary>One configured value and the place it came from, so that an error can name both.</summary>
/// <param name="Key">Path of the setting, parts joined by a dot: <c>listeners.0.role</c>.</param>
/// <param name="Value">The text as written.</param>
/// <param name="Origin">An option (<c>--role</c>), a file's line and key, or an environment variable.</param>
public sealed partial record Setting(string Key, string Value, string Origin)
{
    /// <summary>Its line in the file; 0 for one that is in none.</summary>
    public int Line { get; init; }

    /// <summary>What is wrong with it as it stands, whatever its key takes: a line that names its origin. Null for nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>The value for others to see: of an expression nothing that stands in quotes, for a filter's key may be short.</summary>
    public string Masked => Value.Contains('(', StringComparison.Ordinal) ? Secret().Replace(Quoted().Replace(Value, "…"), "…") : Value;

    // An expression in parentheses may have a key.
    private string Shown => Value.Contains('(', StringComparison.Ordinal) ? Secret().Replace(Value, "…") : Value;

    /// <summary>What is wrong with this setting: origin, value (its first 200 characters, without what may be a key) and reason in one line.</summary>
    public string Describe(string reason) => $"{Origin} '{OneLine.Start(Shown)}': {reason}";

    /// <summary>The error of this setting alone.</summary>
    public UsageException Error(string reason) => new(Describe(reason));

    // Keys of transforms stand in quotes, or should; shorter ones are no secret.
    [GeneratedRegex("\"[^\"]{16,}(?:\"|$)|[0-9a-fA-F]{32,}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Secret();

    [GeneratedRegex("\"[^\"]*(?:\"|$)", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Quoted();
}
