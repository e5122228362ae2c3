namespace Sidecar.Options;

/// <summary>How a listener learns where a connection wants to go.</summary>
public enum ListenerMode
{
    /// <summary>To the configured target.</summary>
    Fixed,

    /// <summary>To where it went before iptables redirected it (SO_ORIGINAL_DST).</summary>
    Transparent,

    /// <summary>To where its client says by SOCKS4 or SOCKS4a.</summary>
    Socks4,
}
