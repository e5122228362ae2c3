using ByteFilters;
using Chassis.Net;
using Chassis.Settings;
using Oracle.Protocol;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Reads the <c>routes</c> of an outbound listener, and <c>peek-names</c>.</summary>
internal static class ListenerRoutes
{
    // Each connection compares its destination with one route after the other.
    private const int MaxRoutes = 256;

    private static readonly Func<string, RouteAction> ParseAction = Values.OneOf(
        ("peer", RouteAction.Peer), ("plain", RouteAction.Plain), ("deny", RouteAction.Deny));

    private static readonly Func<string, bool> ParseFallback = Values.OneOf(("plain", true), ("off", false));

    /// <summary>The listener with its routes. A setting without an effect is an error.</summary>
    public static ListenerOptions WithRoutes(
        this ListenerOptions listener, SettingSet settings, string key, TimeoutOptions timeouts, UpstreamLimits limits, Func<string, TransformExpression> parse)
    {
        var list = $"{key}.routes";
        var indices = settings.Indices(list);
        if (indices.Count == 0)
            settings.RefuseBelow(list, "a list of routes is expected, with a dash before each pair of 'destination' and 'action'");
        else if (WhyNone(listener, settings, key) is { } reason)
            settings.Refuse(settings.FindAny(list)!, reason);
        if (indices.Count > MaxRoutes)
            settings.Refuse(settings.FindAny($"{list}.{indices[MaxRoutes]}")!, $"there are {indices.Count} routes; at most {MaxRoutes} are supported");
        var peeks = settings.Read($"{key}.peek-names", false, Values.Switch);
        var isNameless = listener is { Role: SidecarRole.Outbound, Mode: ListenerMode.Transparent } && !peeks && !settings.IsWrong($"{key}.mode") && !settings.IsWrong($"{key}.peek-names");
        var withRoutes = listener with
        {
            PeekNames = peeks,
            Routes = [.. indices.Select(i => Read(listener, settings, $"{list}.{i}", timeouts, limits, parse, isNameless ? ParseNameless : DestinationPattern.Parse))],
        };
        if (listener.Role != SidecarRole.Outbound)
            settings.SwitchOff($"{key}.peek-names", "only an outbound listener has it", cause: $"{key}.role");
        else if (listener.Mode == ListenerMode.Socks4)
            settings.SwitchOff($"{key}.peek-names", "a SOCKS client names its destination, and sends nothing more before it has an answer", cause: $"{key}.mode");
        else if (!withRoutes.Routes.Any(route => route.Destinations.Any(pattern => pattern.IsName)))
            settings.SwitchOff($"{key}.peek-names", "no route of this listener has a name", cause: list);
        return withRoutes;
    }

    // If the role or mode is wrong, it is not known whether the listener can have routes.
    private static string? WhyNone(ListenerOptions listener, SettingSet settings, string key) =>
        settings.IsWrong($"{key}.role") || settings.IsWrong($"{key}.mode") ? null
        : listener.Role != SidecarRole.Outbound ? "only an outbound listener has routes"
        : listener.Mode == ListenerMode.Fixed ? "an outbound listener with a fixed target does not know the destination; use mode transparent or socks4"
        : null;

    // iptables leaves only an address.
    private static DestinationPattern ParseNameless(string text) => DestinationPattern.Parse(text) is { IsName: false } pattern
        ? pattern
        : throw new FormatException("in mode transparent a name matches only what a client sends as TLS server name or HTTP host: set peek-names: on, or use addresses");

    private static OutboundRoute Read(
        ListenerOptions listener, SettingSet settings, string key, TimeoutOptions timeouts, UpstreamLimits limits, Func<string, TransformExpression> parse,
        Func<string, DestinationPattern> parsePattern)
    {
        if (settings.FindWord(key) is { } word)
            settings.Refuse(word, "'destination' and 'action' are expected below it");
        settings.Need(key, $"{key}.destination", $"{key}.action");
        var destinations = settings.ReadList($"{key}.destination", [], parsePattern);
        var action = settings.Read($"{key}.action", RouteAction.Peer, ParseAction);
        var route = new OutboundRoute
        {
            Destinations = destinations,
            Action = action,
            Peer = settings.ReadOptional<HostPort?>($"{key}.peer", text => HostPort.Parse(text)),
            Transform = settings.ReadOptional($"{key}.transform", Values.OrFile(parse)),
            FallsBackToPlain = settings.Read($"{key}.fallback", false, ParseFallback),
            // What it does not set is said once, for the process.
            Timeouts = settings.FindAny($"{key}.timeouts") is null ? timeouts : TimeoutSettings.Read(settings, $"{key}.timeouts", timeouts),
            Limits = settings.FindAny($"{key}.limits") is null ? limits : UpstreamLimitsReader.Read(settings, $"{key}.limits", limits),
        };
        if (action != RouteAction.Peer)
        {
            foreach (var part in (string[])["peer", "transform", "fallback"])
                settings.SwitchOff($"{key}.{part}", "only a route with action: peer has it", cause: $"{key}.action");
        }
        else if (listener.Oracle is not null)
        {
            settings.SwitchOff($"{key}.transform", "has no effect, because the Oracle chooses the transform; remove one of the two");
        }

        if (action == RouteAction.Deny)
        {
            foreach (var part in (string[])["timeouts", "limits"])
                settings.SwitchOff($"{key}.{part}", "a route with action: deny has no limits", cause: $"{key}.action");
        }

        return route;
    }
}
