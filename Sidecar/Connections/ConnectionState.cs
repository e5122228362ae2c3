using Chassis;
using Oracle.Protocol;
using Sidecar.Options;

namespace Sidecar.Connections;

/// <summary>How far a live connection has come.</summary>
internal enum ConnectionState
{
    /// <summary>A greeting, a SOCKS request, a peer's or the Oracle's answer is waited for.</summary>
    Handshake,

    /// <summary>The upstream's name is looked up, or it has yet to accept.</summary>
    Connecting,

    /// <summary>Bytes flow both ways.</summary>
    Relaying,

    /// <summary>One side has ended its stream, the other has not.</summary>
    HalfClosed,

    /// <summary>It has ended; what was sent last is on its way, or a stage still waits for others.</summary>
    Closing,
}

internal static class ConnectionStates
{
    /// <summary>The state in snake case: <c>half_closed</c>.</summary>
    public static string Word(this ConnectionState state) => EnumWords.Of(state);

    /// <summary>Told from what the stages have noted, so that it costs the connection nothing.</summary>
    public static ConnectionState State(this ConnectionReport report) => report switch
    {
        { Failure: not null } or { IsCompleted: true } or { Downstream.HasEnded: true, UpstreamBytes.HasEnded: true } => ConnectionState.Closing,
        // Whoever knows both has no stage left but the relay, in every role.
        { Upstream: not null, Transform: not null } =>
            report.Downstream.HasEnded || report.UpstreamBytes.HasEnded ? ConnectionState.HalfClosed : ConnectionState.Relaying,
        // p1 asks after it has connected, the others before.
        { Upstream: not null } => ConnectionState.Handshake,
        { Transform: not null } => ConnectionState.Connecting,
        _ when IsRouted(report) => report.Listener is { Role: SidecarRole.Outbound } or { Oracle: null } ? ConnectionState.Connecting : ConnectionState.Handshake,
        _ => ConnectionState.Handshake,
    };

    // A p1 with a fixed target knows no destination but needs none.
    private static bool IsRouted(ConnectionReport report) =>
        report.Destination is not null || report.Listener is { Role: SidecarRole.Outbound, Mode: ListenerMode.Fixed };
}
