namespace Chassis.Settings;

/// <summary>The layers of a program's settings: its file, the environment, the command line; what is named later wins.</summary>
public static class SettingLayers
{
    /// <summary>The setting that names the file; null where there is none.</summary>
    public static Setting? File(string configKey, IReadOnlyList<Setting> environment, IReadOnlyList<Setting> commandLine) =>
        new SettingSet().Add(environment).Add(commandLine).Find(configKey) is { } file && !string.IsNullOrWhiteSpace(file.Value) ? file : null;

    /// <summary>Lays them over each other.</summary>
    /// <param name="configKey">The key that names the file; the environment or the command line may have it.</param>
    /// <param name="environment">Settings of the environment.</param>
    /// <param name="commandLine">Settings of the command line.</param>
    /// <exception cref="UsageException">The file cannot be read, or is no YAML.</exception>
    public static SettingSet Load(string configKey, IReadOnlyList<Setting> environment, IReadOnlyList<Setting> commandLine) => Lay(
        configKey, File(configKey, environment, commandLine) is { } file ? YamlSource.ReadFile(file.Value, file.Origin) : [], environment, commandLine);

    /// <summary>Lays them over each other where the file has been read.</summary>
    public static SettingSet Lay(string configKey, IReadOnlyList<Setting> file, IReadOnlyList<Setting> environment, IReadOnlyList<Setting> commandLine)
    {
        var settings = new SettingSet().Add(file).Add(environment.Select(Complete)).Add(commandLine.Select(Complete));
        settings.Find(configKey);
        // It would not be followed: only the outer layers may name a file.
        if (new SettingSet().Add(file).FindAny(configKey) is { } inner)
            settings.Refuse(inner, "a configuration file cannot name another");
        return settings;
    }

    // An empty list of the allowed must not become the default: the same in every layer.
    private static Setting Complete(Setting setting) => string.IsNullOrWhiteSpace(setting.Value) && setting.Problem is null
        ? setting with { Problem = setting.Describe("a value is missing; leave it out if none is meant") }
        : setting;
}
