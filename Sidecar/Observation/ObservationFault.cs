using Sidecar.Connections;

namespace Sidecar.Observation;

/// <summary>Why a connection could not be observed, or not to its end; in metrics in snake case.</summary>
internal enum Unobservable
{
    /// <summary>It speaks nothing that is known.</summary>
    UnknownProtocol,

    /// <summary>It stopped making sense as HTTP/1.</summary>
    Http1,

    /// <summary>It stopped making sense as HTTP/2.</summary>
    Http2,

    /// <summary>A bug of the sidecar; the log has the exception.</summary>
    InternalError,

    /// <summary>Bytes passed that were not seen: packets that a capture lacks.</summary>
    Gap,

    /// <summary>There was no memory for it, or it held most of all when there was none for others.</summary>
    Memory,
}

/// <summary>What ended the observation of a connection before its end.</summary>
/// <param name="Reason">For the metric.</param>
/// <param name="Rule">The rule that was broken, in words that are the sidecar's own: nothing of what a peer sent.</param>
/// <param name="Direction">Whose bytes broke it; null for want of memory, which is nobody's fault.</param>
/// <param name="Offset">How many bytes of that direction had passed when it showed, counted from the connection's first; at least 0, null without a direction.</param>
internal sealed record ObservationFault(Unobservable Reason, string Rule, Direction? Direction, long? Offset);
