using System.Collections;

namespace Chassis.Settings;

/// <summary>Settings from environment variables: <c>SIDECAR__METRICS__ADDRESS</c> is <c>metrics.address</c>.</summary>
public static class EnvironmentSource
{
    /// <summary>All variables that start with <paramref name="prefix"/> and two underscores; a single underscore means a dash.</summary>
    /// <param name="prefix">The program's prefix: <c>SIDECAR</c>.</param>
    /// <param name="options">The program's options. A variable that names one of them with single underscores is an error.</param>
    public static IEnumerable<Setting> Read(string prefix, IEnumerable<SettingOption> options) => Read(prefix, options, Environment.GetEnvironmentVariables());

    internal static IEnumerable<Setting> Read(string prefix, IEnumerable<SettingOption> options, IDictionary variables)
    {
        var start = prefix + "__";
        // Other variables are ignored: Kubernetes sets ORACLE_PORT for a service that is named oracle.
        foreach (var key in options.Select(option => option.Key))
        {
            var wrong = $"{prefix}_{key.Replace('.', '_').Replace('-', '_').ToUpperInvariant()}";
            if (variables[wrong] is string text)
                yield return Misnamed(new Setting(key, text, wrong), start);
        }

        foreach (DictionaryEntry variable in variables)
        {
            var name = (string)variable.Key;
            if (!name.StartsWith(start, StringComparison.Ordinal) || variable.Value is not string value)
                continue;
            var key = name[start.Length..].ToLowerInvariant().Replace("__", ".", StringComparison.Ordinal).Replace('_', '-');
            yield return new Setting(key, value, name);
        }
    }

    private static Setting Misnamed(Setting setting, string start)
    {
        var right = start + setting.Key.Replace(".", "__", StringComparison.Ordinal).Replace('-', '_').ToUpperInvariant();
        return setting with { Problem = setting.Describe($"this variable sets nothing; the variable for {setting.Key} is {right}") };
    }
}
