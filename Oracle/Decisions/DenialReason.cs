namespace Oracle.Decisions;

/// <summary>Why a question was not granted; in snake case in the audit log and as a metric's label.</summary>
internal enum DenialReason
{
    /// <summary>The policy says so, for this asker or for the one who asked first.</summary>
    Policy,

    /// <summary>
    /// The asker's dialect has no word for the transform, or does not tell where a rule that could mean the connection
    /// looks; another transform is never given instead.
    /// </summary>
    Dialect,

    /// <summary>A third question for a connection, or the same role asked twice.</summary>
    RepeatedQuestion,

    /// <summary>A p1 asked about a connection of which no p2 has told, or has told more than 30 s ago.</summary>
    UnknownConnection,

    /// <summary>p1 told the Oracle another destination than p2.</summary>
    Mismatch,

    /// <summary>The asking address has no room left to have the decision remembered for the other role.</summary>
    MemoryFull,

    /// <summary>The line is not a question of the protocol.</summary>
    Malformed,

    /// <summary>The line is longer than the protocol allows.</summary>
    TooLong,

    /// <summary>The line was not whole in time.</summary>
    Timeout,

    /// <summary>The asker closed the connection before the line was whole.</summary>
    Closed,

    /// <summary>The connection broke before the line was whole.</summary>
    Reset,

    /// <summary>The Oracle was told to stop before the line was whole.</summary>
    Draining,

    /// <summary>The connection made room for another one before the line was whole: as many were open as may be.</summary>
    Displaced,
}

/// <summary>The words for denial reasons.</summary>
internal static class DenialReasons
{
    /// <summary>The reason's word.</summary>
    public static string Word(this DenialReason reason) => reason switch
    {
        DenialReason.Policy => "policy",
        DenialReason.Dialect => "dialect",
        DenialReason.RepeatedQuestion => "repeated_question",
        DenialReason.UnknownConnection => "unknown_connection",
        DenialReason.Mismatch => "mismatch",
        DenialReason.MemoryFull => "memory_full",
        DenialReason.Malformed => "malformed",
        DenialReason.TooLong => "too_long",
        DenialReason.Timeout => "timeout",
        DenialReason.Closed => "closed",
        DenialReason.Reset => "reset",
        DenialReason.Draining => "draining",
        DenialReason.Displaced => "displaced",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };
}
