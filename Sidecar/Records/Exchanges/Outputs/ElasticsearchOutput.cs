using Chassis.Net;
using Chassis.Records;
using Chassis.Settings;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs.Elasticsearch;
using Sidecar.Records.Exchanges.Outputs.Http;
using Sidecar.Records.Exchanges.Outputs.Spools;

namespace Sidecar.Records.Exchanges.Outputs;

/// <summary>The output <c>elasticsearch</c>: the bulk API of Elasticsearch 7.8 and later, and of OpenSearch.</summary>
internal sealed record ElasticsearchOutput : RecordOutput
{
    /// <summary>Its name.</summary>
    public const string Word = "elasticsearch";

    /// <summary>Its settings.</summary>
    public static readonly IReadOnlyList<SettingOption> Settings =
    [
        .. HttpSettings.All,
        new("--records-index", "records.index", "PATTERN", $"Output elasticsearch: the index; %{{host}} is this host's name, %{{+yyyy.MM.dd}} the day in UTC [default: {IndexPattern.Default}]"),
        new("--records-user", "records.user", "NAME", "Output elasticsearch: user of basic authentication"),
        new("--records-password", "records.password", "TEXT|@FILE", "Output elasticsearch: its password; better from a file"),
        new("--records-api-key", "records.api-key", "TEXT|@FILE", "Output elasticsearch: an API key, encoded as the server shows it; better from a file"),
        new("--records-template", "records.template", "on|off", "Output elasticsearch: installs an index template that fits the format [default: on]"),
        new("--records-data-stream", "records.data-stream", "on|off|auto", "Output elasticsearch: records go to a data stream; auto: if the index has no date and the server takes a template with one [default: auto]"),
    ];

    private const string Auto = "auto";

    /// <summary>The server.</summary>
    public required Uri Url { get; init; }

    /// <summary>The index of a record.</summary>
    public IndexPattern Index { get; init; } = IndexPattern.Parse(IndexPattern.Default);

    /// <summary>Basic authentication; null for none.</summary>
    public string? User { get; init; }

    /// <summary>The user's password.</summary>
    public string? Password { get; init; }

    /// <summary>An API key; null for none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>The authorities to trust; null for the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>Where records stay while the server is away; null for nowhere.</summary>
    public SpoolOptions? Spool { get; init; }

    /// <summary>Whether the index template is installed.</summary>
    public bool InstallsTemplate { get; init; } = true;

    /// <summary>Whether records go to a data stream; null if the server decides.</summary>
    public bool? IsDataStream { get; init; }

    internal override string Kind => Word;

    internal override (string Path, string Origin)? File => Spool is { } spool ? (spool.Folder, spool.Origin) : null;

    internal override string Description => $"{Url.GetLeftPart(UriPartial.Path).TrimEnd('/')}, index {Index}";

    /// <summary>Reads it; null with an error if it has no address.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="key">The key above its settings.</param>
    public static ElasticsearchOutput? Read(SettingSet settings, string key)
    {
        var url = HttpSettings.ReadUrl(settings, key, "https://search:9200");
        var output = new ElasticsearchOutput
        {
            Url = url ?? new Uri("http://none"),
            Origin = settings.Find($"{key}.url")?.Origin ?? "default",
            Index = settings.Read($"{key}.index", IndexPattern.Parse(IndexPattern.Default), IndexPattern.Parse),
            User = settings.ReadOptional($"{key}.user", text => text),
            Password = settings.ReadOptional($"{key}.password", Values.OrFile(text => text.TrimEnd())),
            ApiKey = settings.ReadOptional($"{key}.api-key", Values.OrFile(HttpSettings.ParseSecret)),
            CaFile = settings.ReadOptional($"{key}.ca-file", text => text),
            Spool = HttpSettings.ReadSpool(settings, key),
            InstallsTemplate = settings.Read($"{key}.template", true, Values.Switch),
            IsDataStream = settings.Read($"{key}.data-stream", null, Values.OneOf<bool?>(("on", true), ("off", false), (Auto, null)), choice => choice switch { null => Auto, true => "on", false => "off" }),
        };
        if (output is { IsDataStream: true, Index.HasDate: true })
            settings.Refuse(settings.Find($"{key}.data-stream")!, $"a data stream has one name, and {key}.index '{output.Index}' has a date; remove the date, or set {key}.data-stream to off");
        if (output.Password is null != output.User is null)
            settings.Refuse((settings.Find($"{key}.user") ?? settings.Find($"{key}.password"))!, $"{key}.user and {key}.password belong together");
        if (output is { User: not null, ApiKey: not null })
            settings.Refuse(settings.Find($"{key}.api-key")!, $"there is also {key}.user; one of the two is enough");
        return url is null ? null : output;
    }

    internal override void Check()
    {
        Authorities.Read(CaFile, HttpSettings.CaFile);
        Spool?.Check();
    }

    internal override ILineOutput Open(OutputContext context) =>
        SpooledOutput.Open(new BulkOutput(this, Authorities.Read(CaFile, HttpSettings.CaFile), context), Spool, $"{Kind} {LinesOf(context.Format)}", context);
}
