using ByteFilters;
using Chassis.Net;
using Chassis.Settings;
using Oracle.Protocol;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>
/// Reads the transforms of a listener without an Oracle: <c>destination-transforms</c>, and <c>transform</c> for all other destinations.
/// </summary>
internal static class ListenerTransforms
{
    // Each connection compares its destination with one entry after the other.
    private const int MaxEntries = 256;

    private const string OracleChooses = "has no effect, because the Oracle chooses the transform; remove one of the two";

    /// <summary>The listener with its transforms. A transform that is wrong or has no effect is an error.</summary>
    public static ListenerOptions WithTransforms(this ListenerOptions listener, SettingSet settings, string key, Func<string, TransformExpression> parse)
    {
        var list = $"{key}.destination-transforms";
        if (listener is { Role: SidecarRole.Outbound, Mode: ListenerMode.Fixed } && settings.FindAny(list) is { } blind)
            settings.Refuse(blind, "an outbound listener with a fixed target does not know the destination, only its inbound peer does; use transform");
        var transform = settings.Read($"{key}.transform", TransformExpression.Identity, Values.OrFile(parse));
        if (listener.Oracle is not null)
        {
            settings.SwitchOff($"{key}.transform", OracleChooses);
            settings.SwitchOff(list, OracleChooses);
        }

        return listener with
        {
            Transform = transform,
            DestinationTransforms = ReadList(settings, list, parse),
        };
    }

    private static IReadOnlyList<DestinationTransform> ReadList(SettingSet settings, string list, Func<string, TransformExpression> parse)
    {
        var indices = settings.Indices(list);
        if (indices.Count == 0)
            settings.RefuseBelow(list, "a list is expected, with a dash before each pair of 'destination' and 'transform'");
        if (indices.Count > MaxEntries)
            settings.Refuse(settings.FindAny($"{list}.{indices[MaxEntries]}")!, $"there are {indices.Count} entries; at most {MaxEntries} are supported");
        return [.. indices.Select(i => Read(settings, $"{list}.{i}", parse))];
    }

    private static DestinationTransform Read(SettingSet settings, string key, Func<string, TransformExpression> parse)
    {
        if (settings.FindWord(key) is { } word)
            settings.Refuse(word, "'destination' and 'transform' are expected below it");
        var destinations = settings.ReadList($"{key}.destination", [], DestinationPattern.Parse);
        var transform = settings.Read($"{key}.transform", TransformExpression.Identity, Values.OrFile(parse));
        settings.Need(key, $"{key}.destination", $"{key}.transform");
        return new DestinationTransform(destinations, transform);
    }
}
