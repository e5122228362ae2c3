using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Hosting.Reload;

/// <summary>A configuration that was read.</summary>
/// <param name="Options">The options from now on.</param>
/// <param name="Settings">All settings in force: those that a source has, and the defaults of the rest.</param>
/// <param name="NeedRestart">Keys that have changed since the start but cannot change while running: the old values stay.</param>
internal sealed record LoadedConfiguration(SidecarOptions Options, IReadOnlyList<Setting> Settings, IReadOnlyList<string> NeedRestart);

/// <summary>Reads the configuration, again if needed.</summary>
internal interface IConfigurationReader
{
    /// <summary>Its file, which can change; null if there is none.</summary>
    public Setting? File { get; }

    /// <summary>The file's text as it was last read; null if there is no file, or one that can be read only once (a pipe).</summary>
    public string? Text { get; }

    /// <summary>Reads it, from the second time on again.</summary>
    /// <exception cref="Chassis.UsageException">It is wrong; there is a line for each error.</exception>
    public LoadedConfiguration Read();
}
