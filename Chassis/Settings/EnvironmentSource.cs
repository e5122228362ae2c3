using System.Collections;

namespace Chassis.Settings;

/// <summary>Settings from environment variables: <c>SIDECAR__METRICS__ADDRESS</c> is <c>metrics.address</c>.</summary>
public static class EnvironmentSource
{
    /// <summary>All variables that start with <paramref name="prefix"/> and two underscores; a single underscore stands for a dash.</summary>
    public static IEnumerable<Setting> Read(string prefix) => Read(prefix, Environment.GetEnvironmentVariables());

    internal static IEnumerable<Setting> Read(string prefix, IDictionary variables)
    {
        var start = prefix + "__";
        foreach (DictionaryEntry variable in variables)
        {
            var name = (string)variable.Key;
            if (!name.StartsWith(start, StringComparison.Ordinal) || variable.Value is not string value)
                continue;
            var key = name[start.Length..].ToLowerInvariant().Replace("__", ".", StringComparison.Ordinal).Replace('_', '-');
            yield return new Setting(key, value, name);
        }
    }
}
