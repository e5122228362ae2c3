using Chassis.Settings;
using Oracle.Protocol;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Reads how long a listener that looks at the first bytes of a client waits for them: <c>peek-timeout</c>.</summary>
internal static class ListenerPeek
{
    // Longer than a greeting's own time makes no sense.
    private static readonly Func<string, TimeSpan> ParseTimeout = Values.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10));

    /// <summary>The listener, whose modes and routes are known, with its time. A setting without an effect is an error.</summary>
    public static ListenerOptions WithPeekTimeout(this ListenerOptions listener, SettingSet settings, string key)
    {
        var timeout = settings.Read($"{key}.peek-timeout", ListenerOptions.DefaultPeekTimeout, ParseTimeout);
        if (listener.Role == SidecarRole.Inbound && listener.Peers != PeerMode.Permissive && listener.PortPeers.All(entry => entry.Peers != PeerMode.Permissive))
            settings.SwitchOff($"{key}.peek-timeout", "only with peers: permissive are the first bytes looked at", cause: $"{key}.peers");
        else if (listener.Role == SidecarRole.Outbound && !listener.PeekNames)
            settings.SwitchOff($"{key}.peek-timeout", "only with peek-names: on are the first bytes looked at", cause: $"{key}.peek-names");
        else if (listener.Role == SidecarRole.Alone)
            settings.SwitchOff($"{key}.peek-timeout", "only inbound and outbound listeners look at the first bytes", cause: $"{key}.role");
        return listener with { PeekTimeout = timeout };
    }
}
