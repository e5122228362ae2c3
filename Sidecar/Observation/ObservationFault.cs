using Sidecar.Connections;

namespace Sidecar.Observation;

/// <summary>Why a connection could not be observed, or not to its end; in metrics in snake case.</summary>
internal enum Unobservable
{
    /// <summary>It speaks an unknown protocol.</summary>
    UnknownProtocol,

    /// <summary>It broke the rules of HTTP/1.</summary>
    Http1,

    /// <summary>It broke the rules of HTTP/2.</summary>
    Http2,

    /// <summary>A bug of the sidecar; the log has the exception.</summary>
    InternalError,

    /// <summary>Bytes passed that were not seen: packets that a capture lacks.</summary>
    Gap,

    /// <summary>There was no memory for it, or it used most when memory was short.</summary>
    Memory,
}

/// <summary>The fault that ended the observation of a connection before its end.</summary>
/// <param name="Reason">For the metric.</param>
/// <param name="Rule">The rule that was broken, as a fixed text without any bytes of a peer.</param>
/// <param name="Direction">The direction that broke it; null if memory was short, which neither side causes.</param>
/// <param name="Offset">
/// Bytes of that direction that had passed when it was found, from the connection's first; at least 0, null without a direction.
/// </param>
internal sealed record ObservationFault(Unobservable Reason, string Rule, Direction? Direction, long? Offset);
