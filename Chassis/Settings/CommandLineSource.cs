using System.CommandLine;

namespace Chassis.Settings;

/// <summary>A command-line option and its setting.</summary>
/// <param name="Name">The option: <c>--metrics-address</c>.</param>
/// <param name="Key">The setting's key: <c>metrics.address</c>.</param>
/// <param name="ValueName">The name of the value in help: <c>ADDRESS:PORT</c>.</param>
/// <param name="Description">One line of help.</param>
public sealed record SettingOption(string Name, string Key, string ValueName, string Description);

/// <summary>Settings from the options of a command line.</summary>
public sealed class CommandLineSource
{
    private readonly List<(SettingOption Setting, Option<string> Option)> _options = [];

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="settings">The options.</param>
    /// <param name="shown">Selects the options in its help; <c>--help-all</c> shows the others too. Without it, help shows all.</param>
    public CommandLineSource(Command command, IEnumerable<SettingOption> settings, Func<SettingOption, bool>? shown = null)
    {
        foreach (var setting in settings)
        {
            var option = new Option<string>(setting.Name) { Description = setting.Description, HelpName = setting.ValueName, Hidden = shown?.Invoke(setting) == false };
            command.Options.Add(option);
            _options.Add((setting, option));
        }
    }

    /// <summary>The settings that were given.</summary>
    public IEnumerable<Setting> Read(ParseResult parsed)
    {
        foreach (var (setting, option) in _options)
        {
            if (parsed.GetResult(option) is not null && parsed.GetValue(option) is { } value)
                yield return new Setting(setting.Key, value, setting.Name);
        }
    }
}
