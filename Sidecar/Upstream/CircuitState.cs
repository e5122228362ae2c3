namespace Sidecar.Upstream;

/// <summary>Whether connections to an address may be made.</summary>
internal enum CircuitState
{
    /// <summary>Yes.</summary>
    Closed,

    /// <summary>No: the address is ejected.</summary>
    Open,

    /// <summary>The time of the ejection is over: one connection tries the address, then the circuit is closed or open again.</summary>
    HalfOpen,
}
