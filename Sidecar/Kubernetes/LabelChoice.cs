namespace Sidecar.Kubernetes;

/// <summary>Chooses the labels of an object that records have.</summary>
/// <param name="only">The only ones; null for all that have room.</param>
internal sealed class LabelChoice(IReadOnlyList<string>? only)
{
    /// <summary>Most bytes of an object's labels, so that the names of both ends leave room in the shortest line of 4 KB.</summary>
    public const int MaxLength = 256;

    /// <summary>The chosen labels, in the order of their names; one without room is left out.</summary>
    public IReadOnlyList<Label> Of(Dictionary<string, string>? labels)
    {
        if (labels is null)
            return [];
        var chosen = new List<Label>();
        var room = MaxLength;
        foreach (var name in labels.Keys.Order(StringComparer.Ordinal))
        {
            var value = labels[name] ?? "";
            if ((only is not null && !only.Contains(name)) || name.Length + value.Length > room)
                continue;
            room -= name.Length + value.Length;
            chosen.Add(new Label(name, value));
        }

        return chosen;
    }
}
