namespace Oracle.Protocol;

/// <summary>The role of a sidecar on the path of a connection.</summary>
public enum SidecarRole
{
    /// <summary>One sidecar without a peer.</summary>
    Alone,

    /// <summary>The client's side of a pair; alias <c>client</c>.</summary>
    P1,

    /// <summary>The server's side of a pair; alias <c>server</c>.</summary>
    P2,
}

/// <summary>The words for roles on the wire, on command lines and in files.</summary>
public static class SidecarRoles
{
    /// <summary>The words that <see cref="TryParse"/> accepts, for error messages.</summary>
    public const string Words = "alone, p1, p2, client or server";

    /// <summary>The word for a role.</summary>
    public static string Word(this SidecarRole role) => role switch
    {
        SidecarRole.P1 => "p1",
        SidecarRole.P2 => "p2",
        _ => "alone",
    };

    /// <summary>Reads a role or its alias.</summary>
    public static bool TryParse(string word, out SidecarRole role)
    {
        (var known, role) = word switch
        {
            "alone" => (true, SidecarRole.Alone),
            "p1" or "client" => (true, SidecarRole.P1),
            "p2" or "server" => (true, SidecarRole.P2),
            _ => (false, default),
        };
        return known;
    }
}
