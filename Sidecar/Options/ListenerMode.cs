namespace Sidecar.Options;

/// <summary>How a listener finds the destination of a connection.</summary>
public enum ListenerMode
{
    /// <summary>The configured target.</summary>
    Fixed,

    /// <summary>The destination that the connection had before iptables redirected it (SO_ORIGINAL_DST).</summary>
    Transparent,

    /// <summary>The destination that the client names by SOCKS4 or SOCKS4a.</summary>
    Socks4,
}
