using System.Globalization;
using System.Text.Json.Nodes;

namespace Injection.Text;

/// <summary>The changes of one object, each already made in a copy of it. A path has keys and indices, from a part of the object on.</summary>
internal sealed class Patch
{
    private readonly List<Change> _changes;
    private readonly IReadOnlyList<string> _base;

    /// <summary>A patch of an object, which is copied.</summary>
    public Patch(JsonNode root)
        : this(root.DeepClone(), [], [])
    {
    }

    private Patch(JsonNode root, IReadOnlyList<string> path, List<Change> changes)
    {
        (Root, _base, _changes) = (root, path, changes);
        Part = (JsonObject)path.Aggregate((JsonNode?)root, Step)!;
    }

    /// <summary>The whole object with the changes so far.</summary>
    public JsonNode Root { get; }

    /// <summary>The part that paths begin at: the object, or what <see cref="Within"/> has named.</summary>
    public JsonObject Part { get; }

    /// <summary>The changes of the whole object, in order.</summary>
    public IReadOnlyList<Change> Changes => _changes;

    /// <summary>The same patch, with paths that begin at a mapping of the part.</summary>
    public Patch Within(params IReadOnlyList<string> path) => new(Root, Absolute(path), _changes);

    /// <summary>The path from the root.</summary>
    public IReadOnlyList<string> Absolute(IReadOnlyList<string> path) => [.. _base, .. path];

    /// <summary>The value at a path; null if there is none.</summary>
    public JsonNode? At(params IReadOnlyList<string> path) => path.Aggregate((JsonNode?)Part, Step);

    /// <summary>Gives an entry of a mapping a value. A mapping above it that is missing, or empty, is added.</summary>
    /// <param name="path">The path.</param>
    /// <param name="value">The value.</param>
    /// <param name="before">The key before which a new entry is written.</param>
    public void Set(IReadOnlyList<string> path, JsonNode value, string? before = null)
    {
        var parent = At([.. path.SkipLast(1)]) as JsonObject;
        if (path.Count > 1 && parent is not { Count: > 0 })
        {
            Set([.. path.SkipLast(1)], new JsonObject { [path[^1]] = value }, before);
            return;
        }

        parent![path[^1]] = value;
        _changes.Add(new Change(ChangeKind.Set, Absolute(path), value.DeepClone(), before));
    }

    /// <summary>Puts items into a list, from an index on. A list that is missing, or empty, is added before the entry with a key.</summary>
    public void Insert(IReadOnlyList<string> path, int index, IEnumerable<JsonNode> items, string? before = null)
    {
        if (At(path) is not JsonArray { Count: > 0 } list)
        {
            Set(path, new JsonArray([.. items]), before);
            return;
        }

        foreach (var item in items)
        {
            list.Insert(index, item);
            _changes.Add(new Change(ChangeKind.Insert, Absolute([.. path, index.ToString(CultureInfo.InvariantCulture)]), item.DeepClone()));
            index++;
        }
    }

    /// <summary>Replaces an entry by one with another key.</summary>
    public void Rename(IReadOnlyList<string> path, string key, JsonNode value)
    {
        var parent = (JsonObject)At([.. path.SkipLast(1)])!;
        parent.Remove(path[^1]);
        parent[key] = value;
        _changes.Add(new Change(ChangeKind.Rename, Absolute(path), value.DeepClone(), key));
    }

    /// <summary>Removes an entry or an item if it is there, and then a list or mapping above it that has become empty.</summary>
    public void Remove(IReadOnlyList<string> path)
    {
        if (At(path) is null)
            return;
        var parent = At([.. path.SkipLast(1)]);
        if (parent is JsonArray { Count: 1 } or JsonObject { Count: 1 })
        {
            Remove([.. path.SkipLast(1)]);
            return;
        }

        if (parent is JsonArray list)
            list.RemoveAt(int.Parse(path[^1], CultureInfo.InvariantCulture));
        else
            ((JsonObject)parent!).Remove(path[^1]);
        _changes.Add(new Change(ChangeKind.Remove, Absolute(path)));
    }

    private static JsonNode? Step(JsonNode? node, string part) => node switch
    {
        JsonObject mapping => mapping[part],
        JsonArray list when int.TryParse(part, CultureInfo.InvariantCulture, out var index) && index < list.Count => list[index],
        _ => null,
    };
}
