using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Hosting.Reload;

/// <summary>A configuration that was read, without its options.</summary>
/// <param name="Settings">All settings in force: those that a source has, and the defaults of the rest.</param>
/// <param name="NeedRestart">Keys that have changed since the start but cannot change while running: the old values stay.</param>
internal abstract record LoadedConfiguration(IReadOnlyList<Setting> Settings, IReadOnlyList<string> NeedRestart);

/// <summary>A configuration that was read.</summary>
/// <param name="Options">The options from now on.</param>
/// <param name="Settings">All settings in force.</param>
/// <param name="NeedRestart">Keys that need a restart.</param>
internal sealed record LoadedConfiguration<T>(T Options, IReadOnlyList<Setting> Settings, IReadOnlyList<string> NeedRestart) : LoadedConfiguration(Settings, NeedRestart)
    where T : ProcessOptions;

/// <summary>The file of a configuration.</summary>
internal interface IConfigurationFile
{
    /// <summary>Its file, which can change; null if there is none.</summary>
    public Setting? File { get; }

    /// <summary>The file's text as it was last read; null if there is no file, or one that can be read only once (a pipe).</summary>
    public string? Text { get; }

    /// <summary>A watch of the file; null if it cannot change. The configuration was read before.</summary>
    public FileWatch? Watch() => File is { } file && Text is { } text ? new FileWatch(file.Value, () => YamlSource.ReadText(file.Value, file.Origin), text, TimeProvider.System) : null;
}

/// <summary>Reads the configuration, again if needed.</summary>
internal interface IConfigurationReader<T> : IConfigurationFile
    where T : ProcessOptions
{
    /// <summary>Reads it, from the second time on again.</summary>
    /// <exception cref="Chassis.UsageException">It is wrong; there is a line for each error.</exception>
    public LoadedConfiguration<T> Read();
}
