using Chassis;

namespace Sidecar.Connections;

/// <summary>What a connection between sidecars, or without one, has turned out to be. The name in small letters stands in records and metrics.</summary>
public enum PeerSession
{
    /// <summary>A sidecar on the other side has greeted, or was greeted.</summary>
    Greeted,

    /// <summary>There is no sidecar on the other side, by the first bytes or by the configuration.</summary>
    Plain,

    /// <summary>The client was silent while the sidecar waited for a greeting, so it counts as plain.</summary>
    Silent,
}

/// <summary>The words for sessions in records and metrics.</summary>
public static class PeerSessions
{
    /// <summary>The session in small letters: <c>greeted</c>.</summary>
    public static string Word(this PeerSession session) => EnumWords.Of(session);

    /// <summary>Whether the bytes are the application's own: no greeting, no question to the Oracle and no transform.</summary>
    internal static bool IsPlain(this PeerSession? session) => session is PeerSession.Plain or PeerSession.Silent;
}
