using Oracle.Protocol;

namespace Sidecar.Options;

/// <summary>Limits of time. Each is a span of silence or of one step, never of a whole connection.</summary>
public sealed record TimeoutOptions
{
    /// <summary>For each message of a handshake (SOCKS, peer, Oracle); default 3 s (wire protocol v1).</summary>
    public TimeSpan Handshake { get; init; } = WireLine.Wait;

    /// <summary>For the upstream to accept, over all its addresses; default 2 s, so that p2 answers within p1's 3 s.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Without a byte in either direction; default 1 h (Envoy <c>tcp_proxy.idle_timeout</c>).</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Without a byte while one direction has ended; default 5 min.</summary>
    public TimeSpan HalfClosed { get; init; } = TimeSpan.FromMinutes(5);
}
