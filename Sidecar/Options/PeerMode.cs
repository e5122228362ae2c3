using Chassis;

namespace Sidecar.Options;

/// <summary>Which clients an inbound listener takes.</summary>
public enum PeerMode
{
    /// <summary>Only outbound sidecars: every connection must begin with a greeting.</summary>
    Strict,

    /// <summary>Outbound sidecars and plain clients: the first bytes decide.</summary>
    Permissive,

    /// <summary>Only plain clients: the first bytes are not looked at.</summary>
    Plain,
}

/// <summary>The mode of some ports, in place of the listener's own.</summary>
/// <param name="Ports">Ports of the destination, 1 to 65535.</param>
/// <param name="Peers">Their mode.</param>
public sealed record PortPeers(IReadOnlyList<int> Ports, PeerMode Peers);

/// <summary>The words for modes in metrics.</summary>
public static class PeerModes
{
    /// <summary>The mode in small letters: <c>strict</c>.</summary>
    public static string Word(this PeerMode mode) => EnumWords.Of(mode);
}
