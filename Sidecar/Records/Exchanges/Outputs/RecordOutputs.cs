using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Records.Exchanges.Outputs;

/// <summary>All outputs by their names; the first is the default.</summary>
internal static class RecordOutputs
{
    private static readonly Kind[] All =
    [
        new(FileOutput.Word, FileOutput.Settings, FileOutput.Read),
        new(KafkaOutput.Word, KafkaOutput.Settings, KafkaOutput.Read),
        new(OtlpOutput.Word, OtlpOutput.Settings, OtlpOutput.Read),
        new(ElasticsearchOutput.Word, ElasticsearchOutput.Settings, ElasticsearchOutput.Read),
    ];

    /// <summary>The names as a user writes them.</summary>
    public static IEnumerable<string> Names => All.Select(kind => kind.Name);

    /// <summary>The settings of all outputs.</summary>
    public static IEnumerable<SettingOption> Settings => All.SelectMany(kind => kind.Settings).DistinctBy(setting => setting.Key);

    /// <summary>Reads the output that <c>output</c> names; null if it is off, or has no settings at all.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="key">The key above its settings.</param>
    public static RecordOutput? Read(SettingSet settings, string key)
    {
        var chosen = settings.Read($"{key}.output", All[0], Values.OneOf([.. All.Select(kind => (kind.Name, kind))]), kind => kind?.Name);
        foreach (var setting in Settings.ExceptBy(chosen.Settings.Select(own => own.Key), setting => setting.Key))
        {
            var owners = All.Where(kind => kind.Settings.Any(own => own.Key == setting.Key)).Select(kind => kind.Name);
            settings.SwitchOff($"{key}{setting.Key["records".Length..]}", $"only output {string.Join(" or ", owners)} has it, and the output is {chosen.Name}", cause: $"{key}.output");
        }

        return chosen.Read(settings, key);
    }

    private sealed record Kind(string Name, IReadOnlyList<SettingOption> Settings, Func<SettingSet, string, RecordOutput?> Read);
}
