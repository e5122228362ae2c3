using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sidecar.Tests.Support.Peers;

/// <summary>The mappings of an index, as a server applies them to a document: what it would not take, and what it would not index.</summary>
/// <param name="mappings">The object <c>mappings</c> of a template.</param>
internal sealed partial class IndexMapping(JsonNode mappings)
{
    // Lucene's longest term.
    private const int LongestTerm = 32766;

    // 64 bits of nanoseconds since 1970 end there.
    private const int LastYearOfNanoseconds = 2261;

    /// <summary>Why the server would refuse a document; null if it takes it.</summary>
    public string? RefusalOf(JsonNode document) => Mistakes(document, mappings, "", isStrict: false).FirstOrDefault();

    /// <summary>All values that have no field, or a field of another type.</summary>
    public IEnumerable<string> MistakesIn(JsonNode document) => Mistakes(document, mappings, "", isStrict: true);

    private static IEnumerable<string> Mistakes(JsonNode? value, JsonNode? mapping, string path, bool isStrict)
    {
        if (mapping is not null && (bool?)mapping["enabled"] == false)
            return [];
        return value switch
        {
            null => [],
            JsonObject fields when mapping is null || mapping["type"] is null || (string?)mapping["type"] == "object" =>
                fields.SelectMany(field => OfField(field.Key, field.Value, mapping, path, isStrict)),
            JsonObject => [$"{path} is an object, and not a {mapping!["type"]}"],
            JsonArray list => list.SelectMany(item => Mistakes(item, mapping, path, isStrict)),
            _ when mapping is null => isStrict ? [$"{path} has no field"] : [],
            _ when mapping["properties"] is not null => [$"{path} is a value, and not an object"],
            JsonValue single when !Fits(single, mapping) => [$"{path}: {single.ToJsonString()} is no {mapping["type"]}"],
            _ => [],
        };
    }

    // A dot in a name is a step.
    private static IEnumerable<string> OfField(string name, JsonNode? value, JsonNode? mapping, string path, bool isStrict)
    {
        var steps = name.Split('.');
        if (steps.Any(string.IsNullOrWhiteSpace))
            return [$"{path}.{name} has an empty part"];
        var at = mapping;
        foreach (var step in steps)
        {
            if (at is not null && (bool?)at["enabled"] == false)
                return [];
            at = at?["properties"]?[step];
        }

        return Mistakes(value, at, $"{path}.{name}", isStrict);
    }

    private static bool Fits(JsonValue value, JsonNode mapping)
    {
        var (kind, text) = (value.GetValueKind(), value.ToString());
        return (string?)mapping["type"] switch
        {
            "long" => kind is JsonValueKind.Number or JsonValueKind.String && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            "ip" => kind == JsonValueKind.String && IPAddress.TryParse(text, out var address) && address.ToString() == text,
            "boolean" => kind is JsonValueKind.True or JsonValueKind.False || text is "true" or "false",
            "date" => IsTime(text, 9999),
            "date_nanos" => IsTime(text, LastYearOfNanoseconds),
            "keyword" => Encoding.UTF8.GetByteCount(text) <= LongestTerm || text.Length > (int?)mapping["ignore_above"],
            _ => false,
        };
    }

    private static bool IsTime(string text, int lastYear) =>
        Time.IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time.Year >= 1970 && time.Year <= lastYear;

    // strict_date_optional_time_nanos.
    [GeneratedRegex(@"^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Time { get; }
}
