using ByteFilters;
using Chassis;
using Chassis.Net;
using Chassis.Settings;
using Oracle.Protocol;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Reads what a listener does to bytes when there is no Oracle: <c>transform</c>, and <c>destination-transforms</c> before it.</summary>
internal static class ListenerTransforms
{
    // Each connection looks at them in turn.
    private const int MaxEntries = 256;

    /// <summary>The listener with its transforms.</summary>
    /// <exception cref="UsageException">One is wrong, or has no effect.</exception>
    public static ListenerOptions WithTransforms(this ListenerOptions listener, SettingSet settings, string key, TransformLanguage language)
    {
        var list = $"{key}.destination-transforms";
        if (listener.Oracle is not null && (settings.Find($"{key}.transform") ?? settings.FindAny(list)) is { } idle)
            throw idle.Error("has no effect beside an Oracle, which chooses the transform; remove one of the two");
        if (listener is { Role: SidecarRole.P1, Mode: ListenerMode.Fixed } && settings.FindAny(list) is { } blind)
            throw blind.Error("a p1 with a fixed target does not know the destination, only its p2 does; use transform");
        return listener with
        {
            Transform = settings.Read($"{key}.transform", TransformExpression.Identity, Values.OrFile(language.Parse)),
            DestinationTransforms = ReadList(settings, list, language),
        };
    }

    private static IReadOnlyList<DestinationTransform> ReadList(SettingSet settings, string list, TransformLanguage language)
    {
        var indices = settings.Indices(list);
        if (indices.Count == 0)
            return settings.FindAny(list) is { } other ? throw other.Error("a list is expected, a dash before each 'destination' and its 'transform'") : [];
        if (indices.Count > MaxEntries)
            throw settings.FindAny($"{list}.{indices[MaxEntries]}")!.Error($"there are {indices.Count} entries; at most {MaxEntries} are supported");
        return [.. indices.Select(i => Read(settings, $"{list}.{i}", language))];
    }

    private static DestinationTransform Read(SettingSet settings, string key, TransformLanguage language)
    {
        if (settings.FindWord(key) is { } word)
            throw word.Error("'destination' and 'transform' are expected below it");
        var destinations = settings.ReadList($"{key}.destination", DestinationPattern.Parse) ?? throw Missing("destination");
        var transform = settings.Read($"{key}.transform", null, Values.OrFile(language.Parse)) ?? throw Missing("transform");
        return new DestinationTransform(destinations, transform);

        UsageException Missing(string name) => new($"{settings.FindAny(key)!.Origin}: {key}.{name} is missing beside it");
    }
}
