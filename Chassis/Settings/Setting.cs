namespace Chassis.Settings;

/// <summary>One configured value and the place it came from, so that an error can name both.</summary>
/// <param name="Key">Path of the setting, parts joined by a dot: <c>listeners.0.role</c>.</param>
/// <param name="Value">The text as written.</param>
/// <param name="Origin">An option (<c>--role</c>), a file's line and key, or an environment variable.</param>
public sealed record Setting(string Key, string Value, string Origin)
{
    /// <summary>The error for this setting: origin, value (its first 200 characters) and reason in one line.</summary>
    public UsageException Error(string reason) => new($"{Origin} '{OneLine.Start(Value)}': {reason}");
}
