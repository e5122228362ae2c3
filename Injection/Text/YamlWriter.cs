using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Injection.Text;

/// <summary>Writes JSON values as YAML, the way people write manifests.</summary>
/// <param name="newLine">The line end of the file.</param>
internal sealed partial class YamlWriter(string newLine)
{
    // A longer mapping or list has one line for each entry.
    private const int MaxFlowLength = 72;

    /// <summary>An entry of a block mapping, without the spaces before its first line and without a last line end.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="indent">Spaces before the entries of the mapping.</param>
    public string Entry(string key, JsonNode? value, int indent) => value switch
    {
        JsonObject or JsonArray when Short(value) is { } flow => $"{Word(key)}: {flow}",
        JsonObject or JsonArray => $"{Word(key)}:{newLine}{new string(' ', indent + 2)}{Block(value, indent + 2)}",
        _ => $"{Word(key)}: {Scalar(value)}",
    };

    /// <summary>An item of a block list, likewise.</summary>
    public string Item(JsonNode? value, int indent) => $"- {Block(value, indent + 2)}";

    /// <summary>A value in brackets, quoted as in JSON.</summary>
    public static string Flow(JsonNode? value) => value switch
    {
        JsonObject mapping => $"{{{string.Join(", ", mapping.Select(entry => $"{Quoted(entry.Key)}: {Flow(entry.Value)}"))}}}",
        JsonArray list => $"[{string.Join(", ", list.Select(Flow))}]",
        JsonValue when value.GetValueKind() == JsonValueKind.String => Quoted(value.GetValue<string>()),
        _ => value?.ToJsonString() ?? "null",
    };

    /// <summary>A single value; text is quoted if it could be taken for another type.</summary>
    public static string Scalar(JsonNode? value) =>
        value?.GetValueKind() == JsonValueKind.String ? Word(value.GetValue<string>()) : Flow(value);

    /// <summary>Text in double quotes.</summary>
    public static string Quoted(string text) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"";

    private static string Word(string text)
    {
        if (PlainText().IsMatch(text) && !OtherType().IsMatch(text))
            return text;
        // JSON in an annotation is easier to read in single quotes.
        return text.Contains('"', StringComparison.Ordinal) && !text.Any(char.IsControl) ? $"'{text.Replace("'", "''", StringComparison.Ordinal)}'" : Quoted(text);
    }

    private string Block(JsonNode? value, int indent)
    {
        if (value is not (JsonObject or JsonArray))
            return Scalar(value);
        if (Short(value) is { } flow)
            return flow;
        var lines = value is JsonObject mapping
            ? mapping.Select(entry => Entry(entry.Key, entry.Value, indent))
            : value.AsArray().Select(item => Item(item, indent));
        return new StringBuilder().AppendJoin(newLine + new string(' ', indent), lines).ToString();
    }

    // Null for what is long, has something nested, or has annotations.
    private static string? Short(JsonNode value)
    {
        if (value is JsonObject { Count: > 0 } mapping && (mapping.Any(entry => entry.Value is JsonObject or JsonArray || entry.Key.Contains('/', StringComparison.Ordinal)))
            || value is JsonArray { Count: > 0 } list && list.Any(item => item is JsonObject or JsonArray))
            return null;
        var text = value is JsonObject entries
            ? $"{{{string.Join(", ", entries.Select(entry => $"{Word(entry.Key)}: {Scalar(entry.Value)}"))}}}"
            : $"[{string.Join(", ", value.AsArray().Select(Scalar))}]";
        return text.Length <= MaxFlowLength ? text : null;
    }

    // Text that no YAML reader takes for anything else, in brackets too: words, paths, images, quantities such as 64Mi.
    [GeneratedRegex(@"^([A-Za-z_/]|--?[A-Za-z])[A-Za-z0-9_./-]*(:[A-Za-z0-9_./-]+)*\z|^[0-9]+(m|Ki|Mi|Gi)\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PlainText();

    [GeneratedRegex(@"^(true|false|null|yes|no|on|off|y|n)\z", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex OtherType();
}
