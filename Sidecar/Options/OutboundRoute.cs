using System.Net;
using ByteFilters;
using Chassis;
using Chassis.Net;

namespace Sidecar.Options;

/// <summary>What an outbound listener does with a connection.</summary>
public enum RouteAction
{
    /// <summary>Greets a sidecar on the other side.</summary>
    Peer,

    /// <summary>Connects as the client itself would: no greeting, no Oracle, no transform.</summary>
    Plain,

    /// <summary>Refuses the connection.</summary>
    Deny,
}

/// <summary>What an outbound listener does with connections to some destinations.</summary>
public sealed record OutboundRoute
{
    /// <summary>The destinations; one matching pattern is enough.</summary>
    public required IReadOnlyList<DestinationPattern> Destinations { get; init; }

    /// <summary>What happens to the connection.</summary>
    public required RouteAction Action { get; init; }

    /// <summary>peer: the address of the other sidecar; null for the listener's target, or if it intercepts at the destination itself.</summary>
    public HostPort? Peer { get; init; }

    /// <summary>peer: the transform if there is no Oracle; null for that of the listener.</summary>
    public TransformExpression? Transform { get; init; }

    /// <summary>peer: whether a connection goes on as a plain one if the other side does not speak the protocol of sidecars; default no.</summary>
    public bool FallsBackToPlain { get; init; }

    /// <summary>Time limits; where the route sets none, those of the process.</summary>
    public required TimeoutOptions Timeouts { get; init; }

    /// <summary>Limits of each upstream address; where the route sets none, those of the process.</summary>
    public required UpstreamLimits Limits { get; init; }

    /// <summary>Whether it is a route for a destination.</summary>
    /// <param name="destination">The destination.</param>
    /// <param name="address">Its host, if that is an address: read once for all routes.</param>
    /// <param name="name">The name that the client itself has sent. Only patterns that are names match it; null if it has sent none.</param>
    internal bool Matches(HostPort destination, IPAddress? address, string? name)
    {
        foreach (var pattern in Destinations)
        {
            if (address is null ? pattern.MatchesName(destination.Host, destination.Port) : pattern.Matches(address, destination.Port))
                return true;
            if (name is not null && pattern.IsName && pattern.MatchesName(name, destination.Port))
                return true;
        }

        return false;
    }

    /// <summary>Whether it is a route for an address.</summary>
    internal bool Matches(IPAddress address, int port)
    {
        foreach (var pattern in Destinations)
        {
            if (pattern.Matches(address, port))
                return true;
        }

        return false;
    }

    /// <summary>Whether it is a route for some names with this port.</summary>
    internal bool MatchesNamesAt(int port)
    {
        foreach (var pattern in Destinations)
        {
            if (pattern.IsNameAt(port))
                return true;
        }

        return false;
    }
}

/// <summary>The words for actions in the configuration and in metrics.</summary>
public static class RouteActions
{
    /// <summary>The action in small letters: <c>plain</c>.</summary>
    public static string Word(this RouteAction action) => EnumWords.Of(action);
}
