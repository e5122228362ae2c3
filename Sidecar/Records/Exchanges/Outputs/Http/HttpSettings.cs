using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Chassis;
using Chassis.Settings;

namespace Sidecar.Records.Exchanges.Outputs.Http;

/// <summary>Settings that all outputs by HTTP have.</summary>
internal static class HttpSettings
{
    /// <summary>The settings.</summary>
    public static readonly IReadOnlyList<SettingOption> All =
    [
        new("--records-url", "records.url", "URL", "Outputs elasticsearch and otlp: the server's address, http:// or https://"),
        new("--records-ca-file", "records.ca-file", "FILE", "Outputs elasticsearch and otlp: PEM file with the authorities to trust [default: the system's]"),
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

    /// <summary>The authorities of a file; null for the system's.</summary>
    /// <param name="file">The file; null for the system's.</param>
    /// <param name="key">The setting that names it.</param>
    /// <exception cref="UsageException">There is none in it, or it cannot be read.</exception>
    public static X509Certificate2Collection? Authorities(string? file, string key = "records.ca-file")
    {
        if (file is null)
            return null;
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            return authorities.Count > 0 ? authorities : throw new UsageException($"{key} '{file}': there is no certificate in PEM in it");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new UsageException($"{key} '{file}': {OneLine.Of(error.Message)}", error);
        }
    }

    /// <summary>Reads a server's address.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static Uri ParseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url is { Query: "", Fragment: "" }
            ? url.UserInfo.Length == 0 ? url : throw new FormatException("user and password have settings of their own")
            : throw new FormatException(text.Contains(',') ? "one address is expected; give a name that stands for all servers" : "an address is expected, such as https://search:9200");
}
