namespace Oracle.Protocol;

/// <summary>The role of a sidecar on the path of a connection.</summary>
public enum SidecarRole
{
    /// <summary>One sidecar without a peer.</summary>
    Alone,

    /// <summary>The client's side of a pair: it takes what the pod's applications send out. On the wire <c>p1</c>, which is an alias, as <c>client</c> is.</summary>
    Outbound,

    /// <summary>The server's side of a pair: it takes what comes in for the pod's service. On the wire <c>p2</c>, which is an alias, as <c>server</c> is.</summary>
    Inbound,
}

/// <summary>The words for roles: those of users, and those of the wire.</summary>
public static class SidecarRoles
{
    /// <summary>The words that <see cref="TryParse"/> accepts, for error messages.</summary>
    public const string Words = "alone, outbound (p1, client) or inbound (p2, server)";

    /// <summary>The word in configurations, records, metrics and logs.</summary>
    public static string Word(this SidecarRole role) => role switch
    {
        SidecarRole.Outbound => "outbound",
        SidecarRole.Inbound => "inbound",
        _ => "alone",
    };

    /// <summary>The word in questions to the Oracle.</summary>
    public static string WireWord(this SidecarRole role) => role switch
    {
        SidecarRole.Outbound => "p1",
        SidecarRole.Inbound => "p2",
        _ => "alone",
    };

    /// <summary>Reads a role, its word of the wire, or its alias.</summary>
    public static bool TryParse(string word, out SidecarRole role)
    {
        (var known, role) = word switch
        {
            "alone" => (true, SidecarRole.Alone),
            "outbound" or "p1" or "client" => (true, SidecarRole.Outbound),
            "inbound" or "p2" or "server" => (true, SidecarRole.Inbound),
            _ => (false, default),
        };
        return known;
    }
}
