using Chassis;

namespace Sidecar.Connections;

/// <summary>Why a connection ended. The name in snake case stands in logs, records and the <c>reason</c> label.</summary>
public enum RelayEndReason
{
    /// <summary>Both directions reached their end of stream.</summary>
    Completed,

    /// <summary>The client reset the connection or stopped taking bytes.</summary>
    ClientReset,

    /// <summary>The upstream reset the connection or stopped taking bytes.</summary>
    UpstreamReset,

    /// <summary>The client's stream ended before the end mark of its codec.</summary>
    ClientTruncated,

    /// <summary>The upstream's stream ended before the end mark of its codec.</summary>
    UpstreamTruncated,

    /// <summary>No byte moved in either direction for the idle limit.</summary>
    IdleTimeout,

    /// <summary>One direction had ended and the other was silent for the half-closed limit.</summary>
    HalfClosedTimeout,

    /// <summary>No address of the upstream accepted, or its name did not resolve.</summary>
    ConnectFailed,

    /// <summary>The upstream did not accept in time.</summary>
    ConnectTimeout,

    /// <summary>Each address of the upstream that can be used is at one of its limits.</summary>
    UpstreamLimit,

    /// <summary>The addresses of the upstream are ejected, because connecting to them failed several times in a row.</summary>
    CircuitOpen,

    /// <summary>The other side of a handshake closed, or answered for another connection.</summary>
    HandshakeFailed,

    /// <summary>The other side of a handshake was silent, or its message was not complete in time.</summary>
    HandshakeTimeout,

    /// <summary>p2 answered <c>fail</c>.</summary>
    PeerRefused,

    /// <summary>The Oracle answered <c>deny</c> or closed without an answer.</summary>
    OracleDenied,

    /// <summary>The Oracle could not be reached.</summary>
    OracleUnreachable,

    /// <summary>The Oracle did not accept or answer in time.</summary>
    OracleTimeout,

    /// <summary>The connection was not redirected, so its original destination is not known.</summary>
    NoOriginalDestination,

    /// <summary>
    /// The configuration does not allow the destination, or the client of a SOCKS listener or of one with <c>accept-proxy</c>.
    /// </summary>
    DestinationNotAllowed,

    /// <summary>The destination is one of the sidecar's own ports.</summary>
    SelfCall,

    /// <summary>More connections than configured.</summary>
    LimitReached,

    /// <summary>The client has as many connections, or handshakes under way, as one client of an inbound listener can have.</summary>
    ClientLimit,

    /// <summary>The process was stopping and the drain time was over.</summary>
    Draining,

    /// <summary>Bytes that do not follow the expected protocol.</summary>
    ProtocolError,

    /// <summary>A greeting came after the time in which a client had to send it, so the connection was a plain one already.</summary>
    LateGreeting,

    /// <summary>A transform failed.</summary>
    TransformError,

    /// <summary>Closed over the admin port.</summary>
    AdminClosed,

    /// <summary>A bug of the sidecar; the log has the exception.</summary>
    InternalError,
}

/// <summary>The words for reasons in records, logs and metrics.</summary>
public static class RelayEndReasons
{
    /// <summary>The reason in snake case: <c>client_reset</c>.</summary>
    public static string Word(this RelayEndReason reason) => EnumWords.Of(reason);
}
