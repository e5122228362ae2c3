namespace Sidecar.Transport;

/// <summary>How a call on a socket ended that did not wait.</summary>
internal enum SocketStatus
{
    /// <summary>Bytes were moved.</summary>
    Done,

    /// <summary>Nothing can be moved now; await the socket.</summary>
    WouldBlock,

    /// <summary>The peer has ended its stream.</summary>
    Ended,

    /// <summary>The connection is broken.</summary>
    Failed,

    /// <summary>This process has closed the socket.</summary>
    Closed,
}
