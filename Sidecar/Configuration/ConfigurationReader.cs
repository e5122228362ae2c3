using Chassis;
using Chassis.Settings;
using Sidecar.Hosting.Reload;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>
/// The configuration of a command line, an environment and a file. When it is read again, only the file can have changed. Settings that
/// cannot change while running keep their first values, even if the file has others.
/// </summary>
internal sealed class ConfigurationReader(IReadOnlyList<Setting> commandLine, IReadOnlyList<Setting> environment) : IConfigurationReader
{
    // All keys below these may change while running. The others belong to parts that are made once: sockets and routes of the own
    // endpoints, event loops, files of records, loaded filters.
    private static readonly string[] Changing = ["listeners", "oracle", "transforms", "timeouts", "upstream", "limits.connections", "drain"];

    private SettingSet? _first;

    public Setting? File { get; } = SettingLayers.File(SettingTable.ConfigKey, environment, commandLine);

    public string? Text { get; private set; }

    public LoadedConfiguration Read()
    {
        var read = SettingLayers.Lay(SettingTable.ConfigKey, PeriscoKeys.Translate(ReadFile()), PeriscoKeys.Translate(environment), commandLine);
        var options = OptionsReader.Read(read);
        _first ??= read;
        var waiting = Waiting(_first, read);
        if (waiting.Count == 0)
            return new LoadedConfiguration(options, [.. read.InForce], []);
        var merged = new SettingSet().Add(_first.All.Where(s => !MayChange(s.Key))).Add(read.All.Where(s => MayChange(s.Key)));
        return new LoadedConfiguration(ReadMerged(merged, waiting), [.. merged.InForce], waiting);
    }

    private IReadOnlyList<Setting> ReadFile()
    {
        if (File is null)
            return [];
        var text = YamlSource.ReadText(File.Value, File.Origin, out var canBeReadAgain);
        Text = canBeReadAgain ? text : null;
        return YamlSource.Read(new StringReader(text), File.Value);
    }

    private static SidecarOptions ReadMerged(SettingSet merged, IReadOnlyList<string> waiting)
    {
        try
        {
            return OptionsReader.Read(merged);
        }
        catch (UsageException error)
        {
            throw new UsageException([.. error.Lines, $"the reason is that these options keep their old values until the next start: {string.Join(", ", waiting)}"]);
        }
    }

    private static List<string> Waiting(SettingSet first, SettingSet read)
    {
        var before = Fixed(first);
        var after = Fixed(read);
        return [.. before.Keys.Union(after.Keys, StringComparer.OrdinalIgnoreCase).Where(key => before.GetValueOrDefault(key) != after.GetValueOrDefault(key))];
    }

    private static Dictionary<string, string> Fixed(SettingSet settings) =>
        settings.All.Where(s => !MayChange(s.Key)).ToDictionary(s => s.Key, s => s.Value, StringComparer.OrdinalIgnoreCase);

    private static bool MayChange(string key) =>
        Changing.Any(part => key.Equals(part, StringComparison.OrdinalIgnoreCase) || key.StartsWith(part + ".", StringComparison.OrdinalIgnoreCase));
}
