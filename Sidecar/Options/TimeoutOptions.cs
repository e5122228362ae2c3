using Oracle.Protocol;

namespace Sidecar.Options;

/// <summary>Time limits. Each is for silence or for one step, never for a whole connection.</summary>
public sealed record TimeoutOptions
{
    /// <summary>For each message of a handshake (SOCKS, peer, Oracle); default 3 s (wire protocol v1).</summary>
    public TimeSpan Handshake { get; init; } = WireLine.Wait;

    /// <summary>For the upstream to accept, over all its addresses; default 2 s, so that p2 answers within p1's 3 s.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Idle timer: time without a byte in either direction; default 1 h (Envoy <c>tcp_proxy.idle_timeout</c>).</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Time without a byte when one direction has ended; default 5 min.</summary>
    public TimeSpan HalfClosed { get; init; } = TimeSpan.FromMinutes(5);
}
