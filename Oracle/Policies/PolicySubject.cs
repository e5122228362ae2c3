using System.Net;
using Chassis.Net;
using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>A question as rules see it, with its destination in canonical form.</summary>
/// <param name="Role">The asker's role.</param>
/// <param name="Peer">Address of the peer that connected to the asking sidecar.</param>
/// <param name="Listener">The asking listener; null if the question does not name it.</param>
/// <param name="Destination">
/// Name or address of the destination; null if the question does not name it, or it is neither name nor address.
/// </param>
/// <param name="Port">The destination's port.</param>
/// <param name="MayBePlain">Whether the asker wants to know if it should greet at all.</param>
internal readonly record struct PolicySubject(
    SidecarRole Role, IPAddress Peer, string? Listener = null, string? Destination = null, int Port = 0, bool MayBePlain = false)
{
    // Read once here, because each of many rules needs it.
    private readonly IPAddress? _address = Destination is not null && DestinationPattern.TryParseAddress(Destination, out var address) ? address : null;

    /// <summary>The content of a question. If it does not name the destination, that of p2's question about the same connection.</summary>
    /// <param name="question">The question.</param>
    /// <param name="server">The destination of p2's question, for a p1's question; otherwise null.</param>
    // A text that only some resolvers read as an address (127.1, 0x7f.1) would not match the rules for networks, so it counts as unknown.
    public static PolicySubject Of(OracleQuestion question, HostPort? server = null)
    {
        var bound = question.Destination() ?? server;
        return new(
            question.Role, question.Peer.Address, question.Route?.Listener, IsDestination(bound?.Host) ? bound?.Host : null, bound?.Port ?? 0, question.Route?.MayBePlain == true);
    }

    /// <summary>Whether the known destination matches a pattern.</summary>
    public bool IsBoundFor(DestinationPattern pattern) => _address is { } address ? pattern.Matches(address, Port) : pattern.Matches(Destination!, Port);

    private static bool IsDestination(string? host) => host is not null && (DestinationPattern.TryParseAddress(host, out _) || HostPort.IsHost(host));
}
