using Chassis.Settings;
using Oracle.Protocol;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Reads which clients an inbound listener takes: <c>peers</c> and <c>ports</c>.</summary>
internal static class ListenerPeers
{
    // Each connection compares its port with one entry after the other.
    private const int MaxEntries = 64;

    private static readonly Func<string, PeerMode> ParseMode = Values.OneOf(
        ("strict", PeerMode.Strict), ("permissive", PeerMode.Permissive), ("plain", PeerMode.Plain));

    /// <summary>The listener with its modes. A setting without an effect is an error.</summary>
    public static ListenerOptions WithPeers(this ListenerOptions listener, SettingSet settings, string key)
    {
        var list = $"{key}.ports";
        var indices = settings.Indices(list);
        if (indices.Count == 0)
            settings.RefuseBelow(list, "a list is expected, with a dash before each pair of 'port' and 'peers'");
        if (indices.Count > MaxEntries)
            settings.Refuse(settings.FindAny($"{list}.{indices[MaxEntries]}")!, $"there are {indices.Count} entries; at most {MaxEntries} are supported");
        var withPeers = listener with
        {
            Peers = settings.Read($"{key}.peers", PeerMode.Strict, ParseMode),
            PortPeers = [.. indices.Select(i => Read(settings, $"{list}.{i}"))],
        };
        if (listener.Role != SidecarRole.Inbound)
        {
            settings.SwitchOff($"{key}.peers", "only an inbound listener has it", cause: $"{key}.role");
            if (settings.FindAny(list) is { } ports && !settings.IsWrong($"{key}.role"))
                settings.Refuse(ports, "only an inbound listener has modes of ports");
        }

        return withPeers;
    }

    private static PortPeers Read(SettingSet settings, string key)
    {
        if (settings.FindWord(key) is { } word)
            settings.Refuse(word, "'port' and 'peers' are expected below it");
        settings.Need(key, $"{key}.port", $"{key}.peers");
        return new PortPeers(settings.ReadList($"{key}.port", [], Values.Port), settings.Read($"{key}.peers", PeerMode.Strict, ParseMode));
    }
}
