using Chassis.Settings;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs;

namespace Sidecar.Configuration;

/// <summary>Reads what is recorded of exchanges: one entry, as a mapping or by options, or a list of them.</summary>
internal static class RecordSettings
{
    private const string Key = "records";
    private const string Off = "off";
    private const int MaxEntries = 16;

    private static readonly ExchangeRecordOptions Defaults = RecordReader.Defaults;

    /// <summary>The options, all below <c>records</c>: they make one entry.</summary>
    public static readonly IReadOnlyList<SettingOption> Options =
    [
        .. RecordOutputs.Settings,
        new("--records-output", "records.output", "OUTPUT", $"Where records go: {Words(RecordOutputs.Names)} [default: {RecordOutputs.Names.First()}]; several outputs need a list in a file"),
        new("--records-format", "records.format", "FORMAT", $"How records are written: {Words(RecordFormats.Names)} [default: {Defaults.Format}]"),
        new("--records-ext", "records.ext", "on|off", "The object ext: connection, outcome, duration, bytes, gRPC status [default: on]"),
        new("--records-headers-allow", "records.headers.allow", "NAME,...", "The only header fields in records [default: all]"),
        new("--records-headers-deny", "records.headers.deny", "NAME,...", "Header fields that are left out [default: none]"),
        new("--records-headers-mask", "records.headers.mask", "NAME,...", "Header fields whose value becomes ***, beside Authorization, Cookie, X-Api-Key, X-Auth-Token and their like; none as the first leaves these"),
        new("--records-mask-query", "records.mask-query", "NAME,...", "Parameters of URLs whose value becomes ***, beside those with token, key, password, signature and their like as a part of the name; none as the first leaves these"),
        new("--records-sample", "records.sample", "SHARE", $"Share of exchanges that are recorded, 0 to 1 [default: {Defaults.Sample}]"),
        new("--records-always-errors", "records.always-errors", "on|off", "Whatever the share, records statuses from 400 on, gRPC statuses but 0 and what was cut off [default: on]"),
        new("--records-paths", "records.paths", "GLOB,...", "Paths that are recorded, such as /api/**,!/healthz: * within a segment, ** anything, ! excludes [default: all]"),
        new("--records-max-line", "records.max-line", "SIZE", $"Most bytes of a line, 4KB to 1MB; a longer record is cut and says so in ext.truncated [default: {Values.DisplaySize(Defaults.MaxLine)}]"),
        new("--records-connection-rate", "records.connection-rate", "SIZE|off", $"Bytes of records a second for one connection; the rest is dropped and counted [default: {Values.DisplaySize(Defaults.ConnectionRate!.Value)}]"),
        new("--records-client-rate", "records.client-rate", "SIZE|off", $"The same for all connections of one client address together [default: {Values.DisplaySize(Defaults.ClientRate!.Value)}]"),
        new("--records-queue", "records.queue", "SIZE", $"Most bytes that wait for the output; of more the oldest are dropped and counted [default: {Values.DisplaySize(Defaults.Queue)}]"),
    ];

    /// <summary>All entries; none where nothing is recorded.</summary>
    public static IReadOnlyList<ExchangeRecordOptions> Read(SettingSet settings)
    {
        // "records: off" is as "admin: off": a layer above can say so of a list below.
        if (settings.FindWord(Key) is { } word)
        {
            if (word.Value != Off)
                settings.Refuse(word, "off, 'path: FILE' and what else it has below it, or a list of such entries is expected");
            return [];
        }

        var indices = settings.Indices(Key);
        if (indices.Count > 0)
            return ReadList(settings, indices);
        return RecordReader.Read(settings, Key) is { } only ? [only] : [];
    }

    private static List<ExchangeRecordOptions> ReadList(SettingSet settings, IReadOnlyList<int> indices)
    {
        foreach (var single in Options.Select(option => settings.FindAny(option.Key)).OfType<Setting>())
            settings.Refuse(single, $"this belongs to no entry of the list of records that stands beside it ({settings.FindAny($"{Key}.{indices[0]}")!.Origin}); write it into an entry, or remove one of the two");
        if (indices.Count > MaxEntries)
            settings.RefuseAt(settings.FindAny($"{Key}.{indices[MaxEntries]}")!, $"there are {indices.Count} entries of records; at most {MaxEntries} are supported");
        var entries = new List<(int Index, ExchangeRecordOptions Options)>();
        foreach (var index in indices)
        {
            var key = $"{Key}.{index}";
            if (settings.FindWord(key) is { } whole)
            {
                settings.Refuse(whole, "an entry of records is expected: 'path: FILE' and what else it has");
                continue;
            }

            var name = settings.ReadOptional($"{key}.name", ListenerReader.ParseName);
            if (RecordReader.Read(settings, key) is { } options)
                entries.Add((index, options with { Name = name }));
        }

        return WithNames(settings, entries);
    }

    // Of its output where that is the only one of its kind, else with its number in the list.
    private static List<ExchangeRecordOptions> WithNames(SettingSet settings, List<(int Index, ExchangeRecordOptions Options)> entries)
    {
        var named = new List<ExchangeRecordOptions>();
        foreach (var (index, options) in entries)
        {
            var kind = options.Output.Kind;
            var isOnly = entries.Count(entry => entry.Options.Output.Kind == kind) == 1;
            var name = options.Name ?? (isOnly ? kind : $"{kind}-{index}");
            if (named.Exists(other => other.Name == name))
                settings.Refuse((settings.Find($"{Key}.{index}.name") ?? settings.FindAny($"{Key}.{index}"))!, $"two entries of records are named '{name}'; give each a name of its own");
            named.Add(options with { Name = name });
        }

        return named;
    }

    private static string Words(IEnumerable<string> names) => string.Join(", ", names);
}
