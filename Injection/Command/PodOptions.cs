using System.CommandLine;
using Chassis;
using Injection.Pods;

namespace Injection.Command;

/// <summary>The settings of a pod as options of a command.</summary>
internal sealed class PodOptions
{
    private readonly IReadOnlyList<(PodSetting Setting, Option<string> Option)> _options =
        [.. PodSettings.All.Select(setting => (setting, new Option<string>($"--{setting.Name}") { Description = $"{setting.Help}; annotation {PodSettings.Prefix}{setting.Name}", HelpName = setting.ValueName }))];

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(System.CommandLine.Command command)
    {
        foreach (var (_, option) in _options)
            command.Options.Add(option);
    }

    /// <summary>Reads the options.</summary>
    /// <exception cref="UsageException">Values are wrong, with a line for each.</exception>
    public PodSettings Read(ParseResult parsed)
    {
        var (pod, errors) = (new PodSettings(), new List<string>());
        foreach (var (setting, option) in _options)
        {
            if (parsed.GetValue(option) is not { } text)
                continue;
            try
            {
                pod = setting.Apply(pod, text);
            }
            catch (FormatException expected)
            {
                errors.Add($"--{setting.Name} '{OneLine.Of(text)}': {expected.Message}");
            }
        }

        return errors.Count == 0 ? pod : throw new UsageException(errors);
    }
}
