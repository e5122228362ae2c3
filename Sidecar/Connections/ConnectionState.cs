using Chassis;
using Oracle.Protocol;
using Sidecar.Options;

namespace Sidecar.Connections;

/// <summary>The progress of a live connection.</summary>
internal enum ConnectionState
{
    /// <summary>It waits for a greeting, a SOCKS request, or the answer of a peer or of the Oracle.</summary>
    Handshake,

    /// <summary>The upstream's name is being resolved, or the upstream has not accepted yet.</summary>
    Connecting,

    /// <summary>Bytes flow both ways.</summary>
    Relaying,

    /// <summary>One side has ended its stream, the other has not.</summary>
    HalfClosed,

    /// <summary>It has ended; the last bytes are on their way, or a stage still waits for something else.</summary>
    Closing,
}

internal static class ConnectionStates
{
    /// <summary>The state in snake case: <c>half_closed</c>.</summary>
    public static string Word(this ConnectionState state) => EnumWords.Of(state);

    /// <summary>Derived from what the stages have noted, so that it costs the connection nothing.</summary>
    public static ConnectionState State(this ConnectionInfo info) => info switch
    {
        { Failure: not null } or { IsCompleted: true } or { Downstream.HasEnded: true, UpstreamBytes.HasEnded: true } => ConnectionState.Closing,
        { Relay: not null } =>
            info.Downstream.HasEnded || info.UpstreamBytes.HasEnded ? ConnectionState.HalfClosed : ConnectionState.Relaying,
        // p1 asks after it has connected, the other roles before; then the client may be waiting for an answer.
        { Upstream: not null } => ConnectionState.Handshake,
        { Transform: not null } => ConnectionState.Connecting,
        _ when IsRouted(info) => info.Listener is { Role: SidecarRole.Outbound } or { Oracle: null } ? ConnectionState.Connecting : ConnectionState.Handshake,
        _ => ConnectionState.Handshake,
    };

    // A p1 with a fixed target knows no destination and needs none.
    private static bool IsRouted(ConnectionInfo info) =>
        info.Destination is not null || info.Listener is { Role: SidecarRole.Outbound, Mode: ListenerMode.Fixed };
}
