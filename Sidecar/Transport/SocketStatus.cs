namespace Sidecar.Transport;

/// <summary>The result of a socket call that never waits.</summary>
internal enum SocketStatus
{
    /// <summary>Bytes were moved.</summary>
    Done,

    /// <summary>No bytes can be moved now; wait for the socket.</summary>
    WouldBlock,

    /// <summary>The peer has ended its stream.</summary>
    Ended,

    /// <summary>The connection is broken.</summary>
    Failed,

    /// <summary>This process has closed the socket.</summary>
    Closed,
}
