using Chassis.Settings;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs;

namespace Sidecar.Configuration;

/// <summary>Reads the settings of exchange records: one entry, as a mapping or by options, or a list of entries.</summary>
internal static class RecordSettings
{
    private const string Key = "records";
    private const string Off = "off";
    private const int MaxEntries = 16;

    private static readonly ExchangeRecordOptions Defaults = RecordReader.Defaults;

    /// <summary>The options, all below <c>records</c>; together they make one entry.</summary>
    public static readonly IReadOnlyList<SettingOption> Options =
    [
        .. RecordOutputs.Settings,
        new("--records-output", "records.output", "OUTPUT", $"Output of records: {Words(RecordOutputs.Names)} [default: {RecordOutputs.Names.First()}]; several outputs need a list in a file"),
        new("--records-format", "records.format", "FORMAT", $"Format of records: {Words(RecordFormats.Names)} [default: {Defaults.Format}]"),
        new("--records-ext", "records.ext", "on|off", "Adds the object ext to records: connection, outcome, duration, bytes, gRPC status [default: on]"),
        new("--records-headers-allow", "records.headers.allow", "NAME,...", "The only header fields in records [default: all]"),
        new("--records-headers-deny", "records.headers.deny", "NAME,...", "Header fields to leave out [default: none]"),
        new("--records-headers-mask", "records.headers.mask", "NAME,...", "Header fields to mask (value ***), in addition to Authorization, Cookie, X-Api-Key, X-Auth-Token and similar ones; if the first name is none, only the listed ones"),
        new("--records-mask-query", "records.mask-query", "NAME,...", "URL parameters to mask (value ***), in addition to those with token, key, password, signature and similar words in their names; if the first name is none, only the listed ones"),
        new("--records-sample", "records.sample", "SHARE", $"Share of exchanges to record, 0 to 1 [default: {Defaults.Sample}]"),
        new("--records-always-errors", "records.always-errors", "on|off", "Records every error, whatever the share: a status of 400 or more, a gRPC status other than 0, an exchange that was cut off [default: on]"),
        new("--records-paths", "records.paths", "GLOB,...", "Paths to record, such as /api/**,!/healthz: * matches anything within a segment, ** anything, ! excludes [default: all]"),
        new("--records-cidrs", "records.cidrs", "CIDR,...", "Networks of the servers to record, such as 10.0.0.0/8,!10.96.0.0/12; ! excludes [default: all]"),
        new("--records-protos", "records.protos", "HTTP/1,HTTP/2", "Versions of HTTP to record; gRPC is HTTP/2 [default: HTTP/1,HTTP/2]"),
        new("--records-max-line", "records.max-line", "SIZE", $"Most bytes of a line, 4KB to 1MB; a longer record is cut, and its ext.truncated is set [default: {Values.DisplaySize(Defaults.MaxLine)}]"),
        new("--records-connection-rate", "records.connection-rate", "SIZE|off", $"Most bytes of records a second for one connection; other records are dropped and counted [default: {Values.DisplaySize(Defaults.ConnectionRate!.Value)}]"),
        new("--records-client-rate", "records.client-rate", "SIZE|off", $"The same for all connections of one client address together [default: {Values.DisplaySize(Defaults.ClientRate!.Value)}]"),
        new("--records-queue", "records.queue", "SIZE", $"Most bytes of records that wait for the output; if more come, the oldest are dropped and counted [default: {Values.DisplaySize(Defaults.Queue)}]"),
    ];

    /// <summary>All entries; none if nothing is recorded.</summary>
    public static IReadOnlyList<ExchangeRecordOptions> Read(SettingSet settings)
    {
        // "records: off", like "admin: off", lets the environment or the command line switch off a list in the file.
        if (settings.FindWord(Key) is { } word)
        {
            if (word.Value != Off)
                settings.Refuse(word, "off, a mapping with 'path: FILE' and other settings, or a list of such mappings is expected");
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
            settings.Refuse(single, $"there is also a list of records ({settings.FindAny($"{Key}.{indices[0]}")!.Origin}), and this setting is in none of its entries; move it into an entry, or remove one of the two");
        if (indices.Count > MaxEntries)
            settings.RefuseAt(settings.FindAny($"{Key}.{indices[MaxEntries]}")!, $"there are {indices.Count} entries of records; at most {MaxEntries} are supported");
        var entries = new List<(int Index, ExchangeRecordOptions Options)>();
        foreach (var index in indices)
        {
            var key = $"{Key}.{index}";
            if (settings.FindWord(key) is { } whole)
            {
                settings.Refuse(whole, "an entry of records is expected: a mapping with 'path: FILE' and other settings");
                continue;
            }

            var name = settings.ReadOptional($"{key}.name", ListenerReader.ParseName);
            if (RecordReader.Read(settings, key) is { } options)
                entries.Add((index, options with { Name = name }));
        }

        return WithNames(settings, entries);
    }

    // The default name is the kind of output; if several entries have that kind, the number in the list is added.
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
