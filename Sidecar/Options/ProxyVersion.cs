namespace Sidecar.Options;

/// <summary>The forms of the PROXY protocol (HAProxy's proxy-protocol.txt).</summary>
public enum ProxyVersion
{
    /// <summary>One line of text.</summary>
    V1,

    /// <summary>A binary header.</summary>
    V2,
}
