namespace Chassis.Settings;

/// <summary>The layers of a program's settings: its file, the environment, the command line; what is named later wins.</summary>
public static class SettingLayers
{
    /// <summary>Lays them over each other.</summary>
    /// <param name="configKey">The key that names the file; the environment or the command line may have it.</param>
    /// <param name="environment">Settings of the environment.</param>
    /// <param name="commandLine">Settings of the command line.</param>
    /// <exception cref="UsageException">The file cannot be read or names another, or a value is missing.</exception>
    public static SettingSet Load(string configKey, IReadOnlyList<Setting> environment, IReadOnlyList<Setting> commandLine)
    {
        // An empty list of the allowed must not become the default: the same in every layer.
        if (environment.Concat(commandLine).FirstOrDefault(s => string.IsNullOrWhiteSpace(s.Value)) is { } empty)
            throw empty.Error("a value is missing; leave it out if none is meant");
        var file = new SettingSet().Add(environment).Add(commandLine).Find(configKey);
        var fromFile = file is null ? [] : YamlSource.ReadFile(file.Value, file.Origin);
        // It would not be followed: only the outer layers may name a file.
        if (new SettingSet().Add(fromFile).FindAny(configKey) is { } inner)
            throw inner.Error("a configuration file cannot name another");

        var settings = new SettingSet().Add(fromFile).Add(environment).Add(commandLine);
        settings.Find(configKey);
        return settings;
    }
}
