using Oracle.Protocol;

namespace Sidecar.Connections;

/// <summary>The end reason for each way in which reading a handshake message can fail.</summary>
internal static class HandshakeEnds
{
    /// <summary>The message was expected from downstream.</summary>
    public static RelayEndReason ByClient(ReadStatus status) => status == ReadStatus.Reset ? RelayEndReason.ClientReset : Common(status);

    /// <summary>The message was expected from upstream.</summary>
    public static RelayEndReason ByUpstream(ReadStatus status) => status == ReadStatus.Reset ? RelayEndReason.UpstreamReset : Common(status);

    /// <summary>The failure in words.</summary>
    public static string Describe(ReadStatus status) => status switch
    {
        ReadStatus.TimedOut => "not whole in time",
        ReadStatus.Closed => "cut short by the end of the stream",
        ReadStatus.Reset => "cut short by a reset",
        ReadStatus.TooLong => "too long",
        _ => "malformed",
    };

    private static RelayEndReason Common(ReadStatus status) => status switch
    {
        ReadStatus.TimedOut => RelayEndReason.HandshakeTimeout,
        ReadStatus.Closed => RelayEndReason.HandshakeFailed,
        _ => RelayEndReason.ProtocolError,
    };
}
