using Chassis;
using Chassis.Settings;
using Sidecar.Hosting.Reload;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>
/// The configuration of a command line, an environment and a file. When it is read again, only the file can have changed. Settings that
/// cannot change while running keep their first values, even if the file has others.
/// </summary>
/// <param name="commandLine">Settings of the command line.</param>
/// <param name="environment">Settings of the environment.</param>
/// <param name="readOptions">Makes options of settings.</param>
/// <param name="changing">Keys that may change while running, with all keys below them.</param>
internal class ConfigurationReader<T>(IReadOnlyList<Setting> commandLine, IReadOnlyList<Setting> environment, Func<SettingSet, T> readOptions, IReadOnlyList<string> changing)
    : IConfigurationReader<T>
    where T : ProcessOptions
{
    private SettingSet? _first;

    public Setting? File { get; } = SettingLayers.File(SettingTable.ConfigKey, environment, commandLine);

    public string? Text { get; private set; }

    public LoadedConfiguration<T> Read()
    {
        var read = SettingLayers.Lay(SettingTable.ConfigKey, PeriscoKeys.Translate(ReadFile()), PeriscoKeys.Translate(environment), commandLine);
        var options = readOptions(read);
        _first ??= read;
        var waiting = Waiting(_first, read);
        if (waiting.Count == 0)
            return new LoadedConfiguration<T>(options, [.. read.InForce], []);
        var merged = new SettingSet().Add(_first.All.Where(s => !MayChange(s.Key))).Add(read.All.Where(s => MayChange(s.Key)));
        return new LoadedConfiguration<T>(ReadMerged(merged, waiting), [.. merged.InForce], waiting);
    }

    private IReadOnlyList<Setting> ReadFile()
    {
        if (File is null)
            return [];
        var text = YamlSource.ReadText(File.Value, File.Origin, out var canBeReadAgain);
        Text = canBeReadAgain ? text : null;
        return YamlSource.Read(new StringReader(text), File.Value);
    }

    private T ReadMerged(SettingSet merged, IReadOnlyList<string> waiting)
    {
        try
        {
            return readOptions(merged);
        }
        catch (UsageException error)
        {
            throw new UsageException([.. error.Lines, $"the reason is that these options keep their old values until the next start: {string.Join(", ", waiting)}"]);
        }
    }

    private List<string> Waiting(SettingSet first, SettingSet read)
    {
        var before = Fixed(first);
        var after = Fixed(read);
        return [.. before.Keys.Union(after.Keys, StringComparer.OrdinalIgnoreCase).Where(key => before.GetValueOrDefault(key) != after.GetValueOrDefault(key))];
    }

    private Dictionary<string, string> Fixed(SettingSet settings) =>
        settings.All.Where(s => !MayChange(s.Key)).ToDictionary(s => s.Key, s => s.Value, StringComparer.OrdinalIgnoreCase);

    private bool MayChange(string key) =>
        changing.Any(part => key.Equals(part, StringComparison.OrdinalIgnoreCase) || key.StartsWith(part + ".", StringComparison.OrdinalIgnoreCase));
}

/// <summary>The configuration of a sidecar.</summary>
/// <param name="commandLine">Settings of the command line.</param>
/// <param name="environment">Settings of the environment.</param>
internal sealed class ConfigurationReader(IReadOnlyList<Setting> commandLine, IReadOnlyList<Setting> environment)
    : ConfigurationReader<SidecarOptions>(commandLine, environment, OptionsReader.Read, Changing)
{
    // The others belong to parts that are made once: sockets and routes of the own endpoints, event loops, files of records, loaded filters.
    private static readonly string[] Changing = ["listeners", "oracle", "transforms", "timeouts", "upstream", "limits.connections", "drain", "drain-delay"];
}
