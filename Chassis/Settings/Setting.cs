using System.Text.RegularExpressions;

namespace Chassis.Settings;

/// <summary>One configured value and its origin, so that an error can name both.</summary>
/// <param name="Key">Path of the setting, with dots between its parts: <c>listeners.0.role</c>.</param>
/// <param name="Value">The text as written.</param>
/// <param name="Origin">An option (<c>--role</c>), a file's line and key, or an environment variable.</param>
public sealed partial record Setting(string Key, string Value, string Origin)
{
    private static readonly string[] SecretKeys = [".password", ".api-key", ".token"];

    /// <summary>Its line in the file; 0 if it is not from a file.</summary>
    public int Line { get; init; }

    /// <summary>An error that the setting has with any key, as a line that names its origin. Null if there is none.</summary>
    public string? Problem { get; init; }

    /// <summary>The value without secrets. Of an expression it shows no text in quotes, because a filter's key may be short.</summary>
    public string Masked => IsSecret ? "…" : Value.Contains('(', StringComparison.Ordinal) ? Secret().Replace(Quoted().Replace(Value, "…"), "…") : UserOf().Replace(Value, "//…@");

    // The value for errors. An expression in parentheses may contain a key.
    private string Shown => IsSecret ? "…" : Value.Contains('(', StringComparison.Ordinal) ? Secret().Replace(Value, "…") : UserOf().Replace(Value, "//…@");

    // A name of a file is none.
    private bool IsSecret => !Value.StartsWith('@') && SecretKeys.Any(key => Key.EndsWith(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>An error line for this setting: origin, value (its first 200 characters, without possible keys) and reason.</summary>
    public string Describe(string reason) => $"{Origin} '{OneLine.Start(Shown)}': {reason}";

    /// <summary>An exception for only this setting.</summary>
    public UsageException Error(string reason) => new(Describe(reason));

    // Keys of transforms are in quotes, or should be; shorter texts are no secrets.
    [GeneratedRegex("\"[^\"]{16,}(?:\"|$)|[0-9a-fA-F]{32,}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Secret();

    // User and password of an address.
    [GeneratedRegex("//[^/]*@", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex UserOf();

    [GeneratedRegex("\"[^\"]*(?:\"|$)", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Quoted();
}
