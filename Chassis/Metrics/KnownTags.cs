namespace Chassis.Metrics;

/// <summary>The series of a tag set, known by the references of its strings.</summary>
internal sealed record KnownTags(KeyValuePair<string, object?>[] Tags, MetricSeries Series)
{
    public bool Are(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length != Tags.Length)
            return false;
        for (var i = 0; i < tags.Length; i++)
        {
            if (!ReferenceEquals(tags[i].Value, Tags[i].Value) || !ReferenceEquals(tags[i].Key, Tags[i].Key))
                return false;
        }

        return true;
    }
}
