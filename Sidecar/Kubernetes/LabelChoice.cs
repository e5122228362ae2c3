namespace Sidecar.Kubernetes;

/// <summary>Chooses the labels of an object that records have.</summary>
/// <param name="only">The only ones; null for all that have room.</param>
internal sealed class LabelChoice(IReadOnlyList<string>? only)
{
    /// <summary>Most bytes of an object's labels, so that the names of both ends leave room in the shortest line of 4 KB.</summary>
    public const int MaxLength = 256;

    /// <summary>The chosen labels, in the order of their names; one without room is left out.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Of(IEnumerable<KeyValuePair<string, string>>? labels)
    {
        var chosen = new List<KeyValuePair<string, string>>();
        var room = MaxLength;
        foreach (var label in (labels ?? []).Where(label => only is null || only.Contains(label.Key)).OrderBy(label => label.Key, StringComparer.Ordinal))
        {
            var length = label.Key.Length + (label.Value?.Length ?? 0);
            if (length > room)
                continue;
            room -= length;
            chosen.Add(new(label.Key, label.Value ?? ""));
        }

        return chosen;
    }
}
