using Chassis.Settings;
using Sidecar.Configuration;
using Sidecar.Options;

namespace Sidecar.Tests.Configuration;

/// <summary>Options as a user would give them.</summary>
internal static class Words
{
    /// <summary>Options of the positional words alone.</summary>
    public static SidecarOptions Positional(string words) => Load([.. PositionalForm.Read(words.Split(' '))]);

    /// <summary>Options of settings, each <c>key=value</c>, as if they came from the command line.</summary>
    public static SidecarOptions Named(params string[] settings) => Load([.. settings.Select(Option)]);

    /// <summary>Options of a command line and an environment.</summary>
    public static SidecarOptions Load(IReadOnlyList<Setting> commandLine, params IReadOnlyList<Setting> environment) =>
        new ConfigurationReader(commandLine, environment).Read().Options;

    /// <summary>A setting with the origin that its option would have.</summary>
    public static Setting Option(string setting)
    {
        var (key, value) = (setting[..setting.IndexOf('=')], setting[(setting.IndexOf('=') + 1)..]);
        return new Setting(key, value, SettingTable.Options.FirstOrDefault(o => o.Key == key)?.Name ?? key);
    }
}
