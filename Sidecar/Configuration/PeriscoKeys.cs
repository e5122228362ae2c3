using Chassis.Settings;

namespace Sidecar.Configuration;

/// <summary>
/// Configuration keys of perisco: each becomes the setting of <c>records</c> that means the same. Errors keep perisco's key, which is
/// the one that the user has written.
/// </summary>
internal static class PeriscoKeys
{
    private const string Exporter = "exporter";
    private const string FileName = "exporter-file-name";
    private const string Pretty = "exporter-file-pretty";
    private const string Format = "records.format";

    // The version of perisco that has these keys writes this format.
    private const string ItsFormat = "perisco-v2";

    private static readonly Dictionary<string, string> Same = new(StringComparer.OrdinalIgnoreCase)
    {
        ["cidrs"] = "records.cidrs",
        ["protos"] = "records.protos",
        ["server-port"] = "capture.ports",
        [Exporter] = "records.output",
        [FileName] = "records.path",
        ["exporter-elasticsearch-addresses"] = "records.url",
        ["exporter-elasticsearch-username"] = "records.user",
        ["exporter-elasticsearch-password"] = "records.password",
        ["exporter-elasticsearch-apikey"] = "records.api-key",
    };

    private static readonly Dictionary<string, string> Missing = new(StringComparer.OrdinalIgnoreCase)
    {
        [Pretty] = "a record is always one line; remove it, and read the file with jq or Sidecar records",
        ["exporter-elasticsearch-cloudid"] = "a cloud id is not supported; give exporter_elasticsearch_addresses, the address of the deployment",
        ["exporter-elasticsearch-servicetoken"] = "a service token is not supported; give exporter_elasticsearch_apiKey, or a user and a password",
        ["exporter-elasticsearch-fingerprint"] = "a fingerprint is not supported; give records.ca-file, the file with the server's authority",
    };

    /// <summary>The settings of one source with perisco's keys replaced.</summary>
    public static IReadOnlyList<Setting> Translate(IReadOnlyList<Setting> settings)
    {
        var translated = settings.Where(setting => !IsNotPretty(setting)).Select(setting => Translate(setting, settings)).ToList();
        // An exporter chooses perisco's format. Without a name of a file its records go to stdout, as there.
        if (settings.FirstOrDefault(setting => NameOf(setting) == Exporter || NameOf(setting).StartsWith(Exporter + "-", StringComparison.OrdinalIgnoreCase)) is not { } chosen)
            return translated;
        if (!Has(settings, Format))
            translated.Add(chosen with { Key = Format, Value = ItsFormat });
        if (NameOf(chosen) == Exporter && chosen.Value == "file" && !translated.Exists(setting => setting.Key == Same[FileName]))
            translated.Add(chosen with { Key = Same[FileName], Value = "-" });
        return translated;
    }

    private static Setting Translate(Setting setting, IReadOnlyList<Setting> settings)
    {
        var name = NameOf(setting);
        if (Missing.TryGetValue(name, out var reason))
            return setting with { Problem = setting.Describe(reason) };
        if (!Same.TryGetValue(name, out var key))
            return setting;
        return Has(settings, key)
            ? setting with { Problem = setting.Describe($"there is also {key}, which means the same; remove one of the two") }
            // A list keeps the numbers of its members.
            : setting with { Key = key + Rest(setting) };
    }

    private static bool IsNotPretty(Setting setting) => NameOf(setting) == Pretty && setting.Value == "false";

    private static bool Has(IReadOnlyList<Setting> settings, string key) =>
        settings.Any(setting => setting.Key.Equals(key, StringComparison.OrdinalIgnoreCase) || setting.Key.StartsWith(key + ".", StringComparison.OrdinalIgnoreCase));

    // Without the number of a list's member; underscores are dashes in environment variables.
    private static string NameOf(Setting setting) => setting.Key[..^Rest(setting).Length].Replace('_', '-');

    private static string Rest(Setting setting) => setting.Key.IndexOf('.', StringComparison.Ordinal) is >= 0 and var dot ? setting.Key[dot..] : "";
}
