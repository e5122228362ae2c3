namespace Chassis.Settings;

/// <summary>The layers of a program's settings: file, environment, command line. A later layer takes precedence.</summary>
public static class SettingLayers
{
    /// <summary>The setting that names the file; null if there is none.</summary>
    public static Setting? File(string configKey, IReadOnlyList<Setting> environment, IReadOnlyList<Setting> commandLine) =>
        new SettingSet().Add(environment).Add(commandLine).Find(configKey) is { } file && !string.IsNullOrWhiteSpace(file.Value) ? file : null;

    /// <summary>Reads the file and puts the layers together.</summary>
    /// <param name="configKey">The key that names the file; only the environment and the command line may have it.</param>
    /// <param name="environment">Settings of the environment.</param>
    /// <param name="commandLine">Settings of the command line.</param>
    /// <exception cref="UsageException">The file cannot be read, or is not YAML.</exception>
    public static SettingSet Load(string configKey, IReadOnlyList<Setting> environment, IReadOnlyList<Setting> commandLine) => Lay(
        configKey, File(configKey, environment, commandLine) is { } file ? YamlSource.ReadFile(file.Value, file.Origin) : [], environment, commandLine);

    /// <summary>Puts the layers together after the file was read.</summary>
    public static SettingSet Lay(string configKey, IReadOnlyList<Setting> file, IReadOnlyList<Setting> environment, IReadOnlyList<Setting> commandLine)
    {
        var settings = new SettingSet().Add(file).Add(environment.Select(Complete)).Add(commandLine.Select(Complete));
        settings.Find(configKey);
        // The name would be ignored: only the environment and the command line may name a file.
        if (new SettingSet().Add(file).FindAny(configKey) is { } inner)
            settings.Refuse(inner, "a configuration file cannot name another");
        return settings;
    }

    // As in the file, an empty list of allowed addresses must not become the default.
    private static Setting Complete(Setting setting) => string.IsNullOrWhiteSpace(setting.Value) && setting.Problem is null
        ? setting with { Problem = setting.Describe("a value is missing; leave it out if none is meant") }
        : setting;
}
