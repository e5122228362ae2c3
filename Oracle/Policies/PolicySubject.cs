using System.Net;
using Chassis.Net;
using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>What rules look at: a question with its destination in the form in which it is compared.</summary>
/// <param name="Role">Who asks.</param>
/// <param name="Peer">Address of whoever connected to the asking sidecar.</param>
/// <param name="Listener">The asking listener; null when the question does not tell it.</param>
/// <param name="Destination">Name or address of the destination; null when the question does not tell it, or no such thing can be.</param>
/// <param name="Port">The destination's port.</param>
internal readonly record struct PolicySubject(SidecarRole Role, IPAddress Peer, string? Listener = null, string? Destination = null, int Port = 0)
{
    // Read once here, for each of many rules asks for it.
    private readonly IPAddress? _address = Destination is not null && DestinationPattern.TryParseAddress(Destination, out var address) ? address : null;

    /// <summary>What a question says, and where it does not tell the destination, what p2 said of the same connection.</summary>
    /// <param name="question">The question.</param>
    /// <param name="server">The destination of p2's question beside a p1's; null for any other.</param>
    // A text that only some resolvers take for an address (127.1, 0x7f.1) would pass by the rules for networks: it tells nothing.
    public static PolicySubject Of(OracleQuestion question, HostPort? server = null)
    {
        var bound = question.Destination() ?? server;
        return new(question.Role, question.Peer.Address, question.Route?.Listener, IsDestination(bound?.Host) ? bound?.Host : null, bound?.Port ?? 0);
    }

    /// <summary>Whether the known destination is one of those that a pattern means.</summary>
    public bool IsBoundFor(DestinationPattern pattern) => _address is { } address ? pattern.Matches(address, Port) : pattern.Matches(Destination!, Port);

    private static bool IsDestination(string? host) => host is not null && (DestinationPattern.TryParseAddress(host, out _) || HostPort.IsHost(host));
}
