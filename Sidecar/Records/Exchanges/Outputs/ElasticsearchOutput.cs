using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Chassis;
using Chassis.Records;
using Chassis.Settings;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs.Elasticsearch;

namespace Sidecar.Records.Exchanges.Outputs;

/// <summary>The output <c>elasticsearch</c>: the bulk API of Elasticsearch 7.8 and later, and of OpenSearch.</summary>
internal sealed record ElasticsearchOutput : RecordOutput
{
    /// <summary>Its name.</summary>
    public const string Word = "elasticsearch";

    /// <summary>Its settings.</summary>
    public static readonly IReadOnlyList<SettingOption> Settings =
    [
        new("--records-url", "records.url", "URL", "Output elasticsearch: the server's address, http:// or https://"),
        new("--records-index", "records.index", "PATTERN", $"Output elasticsearch: the index; %{{host}} is this host's name, %{{+yyyy.MM.dd}} the day in UTC [default: {IndexPattern.Default}]"),
        new("--records-user", "records.user", "NAME", "Output elasticsearch: user of basic authentication"),
        new("--records-password", "records.password", "TEXT|@FILE", "Output elasticsearch: its password; better from a file"),
        new("--records-api-key", "records.api-key", "TEXT|@FILE", "Output elasticsearch: an API key, encoded as the server shows it; better from a file"),
        new("--records-ca-file", "records.ca-file", "FILE", "Output elasticsearch: PEM file with the authorities to trust [default: the system's]"),
        new("--records-template", "records.template", "on|off", "Output elasticsearch: installs an index template that fits the format [default: on]"),
    ];

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

    /// <summary>Whether the index template is installed.</summary>
    public bool InstallsTemplate { get; init; } = true;

    internal override string Kind => Word;

    internal override string Description => $"{Url.GetLeftPart(UriPartial.Path).TrimEnd('/')}, index {Index}";

    /// <summary>Reads it; null with an error if it has no address.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="key">The key above its settings.</param>
    public static ElasticsearchOutput? Read(SettingSet settings, string key)
    {
        var url = settings.ReadOptional($"{key}.url", ParseUrl);
        var output = new ElasticsearchOutput
        {
            Url = url ?? new Uri("http://none"),
            Origin = settings.Find($"{key}.url")?.Origin ?? "default",
            Index = settings.Read($"{key}.index", IndexPattern.Parse(IndexPattern.Default), IndexPattern.Parse),
            User = settings.ReadOptional($"{key}.user", text => text),
            Password = settings.ReadOptional($"{key}.password", Values.OrFile(text => text.TrimEnd())),
            ApiKey = settings.ReadOptional($"{key}.api-key", Values.OrFile(text => text.TrimEnd())),
            CaFile = settings.ReadOptional($"{key}.ca-file", text => text),
            InstallsTemplate = settings.Read($"{key}.template", true, Values.Switch),
        };
        if (url is null && !settings.IsWrong($"{key}.url"))
            settings.Refuse(settings.Find($"{key}.output")!, $"{key}.url is missing: the address of Elasticsearch or OpenSearch, such as https://search:9200");
        if (output.Password is null != output.User is null)
            settings.Refuse((settings.Find($"{key}.user") ?? settings.Find($"{key}.password"))!, $"{key}.user and {key}.password belong together");
        if (output is { User: not null, ApiKey: not null })
            settings.Refuse(settings.Find($"{key}.api-key")!, $"there is also {key}.user; one of the two is enough");
        return url is null ? null : output;
    }

    internal override void Check() => Authorities();

    internal override ILineOutput Open(OutputContext context) => new BulkOutput(this, Authorities(), context);

    // Null for the system's.
    private X509Certificate2Collection? Authorities()
    {
        if (CaFile is null)
            return null;
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(CaFile);
            return authorities.Count > 0 ? authorities : throw new UsageException($"records.ca-file '{CaFile}': there is no certificate in PEM in it");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new UsageException($"records.ca-file '{CaFile}': {OneLine.Of(error.Message)}", error);
        }
    }

    private static Uri ParseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url is { Query: "", Fragment: "" }
            ? url.UserInfo.Length == 0 ? url : throw new FormatException("user and password have settings of their own")
            : throw new FormatException("an address is expected, such as https://search:9200");
}
