using Chassis.Settings;
using Sidecar.Records.Exchanges.Outputs.Spools;

namespace Sidecar.Records.Exchanges.Outputs.Http;

/// <summary>Settings that all outputs by HTTP have.</summary>
internal static class HttpSettings
{
    /// <summary>The setting with the authorities, for errors.</summary>
    public const string CaFile = "records.ca-file";

    /// <summary>The settings.</summary>
    public static readonly IReadOnlyList<SettingOption> All =
    [
        new("--records-url", "records.url", "URL", "Outputs elasticsearch and otlp: the server's address, http:// or https://"),
        new("--records-ca-file", CaFile, "FILE", "Outputs elasticsearch and otlp: PEM file with the authorities to trust [default: the system's]"),
        new("--records-spool", "records.spool", "FOLDER", "Outputs elasticsearch and otlp: a folder for records while the server is away or too slow; they outlive the process [default: none]"),
        new("--records-spool-size", "records.spool-size", "SIZE", $"Most bytes of this folder, {Values.DisplaySize(SpoolOptions.SmallestLimit)} to {Values.DisplaySize(SpoolOptions.LargestLimit)}; beyond it the oldest records are dropped and counted [default: {Values.DisplaySize(SpoolOptions.DefaultLimit)}]"),
    ];

    /// <summary>Reads the server's address; null with an error if it is missing or wrong.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="key">The key above its settings.</param>
    /// <param name="example">An address for the error.</param>
    public static Uri? ReadUrl(SettingSet settings, string key, string example)
    {
        var url = settings.ReadOptional($"{key}.url", ParseUrl);
        if (url is null && !settings.IsWrong($"{key}.url"))
            settings.Refuse(settings.Find($"{key}.output")!, $"{key}.url is missing: the server's address, such as {example}");
        return url;
    }

    /// <summary>Reads the spool; null for none.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="key">The key above its settings.</param>
    public static SpoolOptions? ReadSpool(SettingSet settings, string key)
    {
        var folder = settings.ReadOptional($"{key}.spool", text => text);
        var limit = settings.Read($"{key}.spool-size", SpoolOptions.DefaultLimit, Values.Size(SpoolOptions.SmallestLimit, SpoolOptions.LargestLimit), size => Values.WriteSize(size));
        if (folder is not null)
            return new SpoolOptions(folder, limit, settings.Find($"{key}.spool")!.Origin);
        settings.SwitchOff($"{key}.spool-size", $"there is no spool: give {key}.spool, or remove this", cause: $"{key}.spool");
        return null;
    }

    /// <summary>Reads a token or a key, which goes into a header field.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static string ParseSecret(string text) =>
        text.TrimEnd() is { Length: > 0 } secret && secret.All(c => c is > ' ' and <= '~')
            ? secret
            : throw new FormatException("one line of visible ASCII characters, without blanks, is expected");

    /// <summary>Reads a server's address.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static Uri ParseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url is { Query: "", Fragment: "" }
            ? url.UserInfo.Length == 0 ? url : throw new FormatException("user and password have settings of their own")
            : throw new FormatException(text.Contains(',') ? "one address is expected; give a name that stands for all servers" : "an address is expected, such as https://search:9200");
}
