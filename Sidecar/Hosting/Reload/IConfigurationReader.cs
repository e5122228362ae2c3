using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Hosting.Reload;

/// <summary>A configuration as it was read.</summary>
/// <param name="Options">What holds from now on.</param>
/// <param name="Settings">All settings in force: those that a source has, and the defaults of the rest.</param>
/// <param name="NeedRestart">Keys that have changed since the start and cannot change while running: they hold as they were.</param>
internal sealed record LoadedConfiguration(SidecarOptions Options, IReadOnlyList<Setting> Settings, IReadOnlyList<string> NeedRestart);

/// <summary>Where the configuration comes from, and can be read anew.</summary>
internal interface IConfigurationReader
{
    /// <summary>The file that it comes from, which may change; null where there is none.</summary>
    public Setting? File { get; }

    /// <summary>The file's text as it was last read; null where there is no file, or one that can be read only once (a pipe).</summary>
    public string? Text { get; }

    /// <summary>Reads it, anew from the second time on.</summary>
    /// <exception cref="Chassis.UsageException">It is wrong: a line for each error.</exception>
    public LoadedConfiguration Read();
}
