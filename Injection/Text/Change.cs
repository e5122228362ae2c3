using System.Text.Json.Nodes;

namespace Injection.Text;

/// <summary>What a <see cref="Change"/> does.</summary>
internal enum ChangeKind
{
    /// <summary>Gives an entry of a mapping a value; adds the entry if it is missing.</summary>
    Set,

    /// <summary>Puts an item into a list, before the item that has this index.</summary>
    Insert,

    /// <summary>Removes an entry or an item.</summary>
    Remove,

    /// <summary>Replaces an entry by one with another key, at the same place.</summary>
    Rename,
}

/// <summary>One change of a manifest. It has two forms: operations of a JSON patch (RFC 6902), and an edit of the text.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Path">Keys and indices from the root of the object.</param>
/// <param name="Value">The new value, except for <see cref="ChangeKind.Remove"/>.</param>
/// <param name="Key">For <see cref="ChangeKind.Rename"/> the new key; for <see cref="ChangeKind.Set"/> the key before which a new entry is written, or null for the end.</param>
internal sealed record Change(ChangeKind Kind, IReadOnlyList<string> Path, JsonNode? Value = null, string? Key = null)
{
    /// <summary>The operations of a JSON patch.</summary>
    public IEnumerable<JsonObject> ToJsonPatch() => Kind switch
    {
        ChangeKind.Remove => [Operation("remove", Path)],
        ChangeKind.Rename => [Operation("remove", Path), Operation("add", [.. Path.SkipLast(1), Key!], Value)],
        // For an entry that exists, "add" replaces the value.
        _ => [Operation("add", Path, Value)],
    };

    private static JsonObject Operation(string name, IReadOnlyList<string> path, JsonNode? value = null)
    {
        var operation = new JsonObject
        {
            ["op"] = name,
            ["path"] = string.Concat(path.Select(part => "/" + part.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal))),
        };
        if (value is not null)
            operation["value"] = value.DeepClone();
        return operation;
    }
}
