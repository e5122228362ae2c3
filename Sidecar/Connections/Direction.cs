namespace Sidecar.Connections;

/// <summary>The two directions of a relay.</summary>
internal enum Direction
{
    /// <summary>From the client to the upstream.</summary>
    Request,

    /// <summary>From the upstream to the client.</summary>
    Response,
}
