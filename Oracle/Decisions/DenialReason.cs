namespace Oracle.Decisions;

/// <summary>Why a question was not granted; in snake case in the audit log and as a metric's label.</summary>
internal enum DenialReason
{
    /// <summary>The policy denies this asker, or denied the one that asked first.</summary>
    Policy,

    /// <summary>
    /// The asker's dialect cannot express the transform, or does not name what a rule depends on that could match the connection.
    /// The Oracle never gives another transform instead.
    /// </summary>
    Dialect,

    /// <summary>A third question for a connection, or the same role asked twice.</summary>
    RepeatedQuestion,

    /// <summary>A p1 asked about a connection for which no p2 has asked in the last 30 s.</summary>
    UnknownConnection,

    /// <summary>p1 named another destination to the Oracle than p2.</summary>
    Mismatch,

    /// <summary>The asking address has no room left to remember the decision for the other role.</summary>
    MemoryFull,

    /// <summary>The line is not a question of the protocol.</summary>
    Malformed,

    /// <summary>The line is longer than the protocol allows.</summary>
    TooLong,

    /// <summary>The line was not complete in time.</summary>
    Timeout,

    /// <summary>The asker closed the connection before the line was complete.</summary>
    Closed,

    /// <summary>The connection was reset before the line was complete.</summary>
    Reset,

    /// <summary>The Oracle had to stop before the line was complete.</summary>
    Draining,

    /// <summary>The connection made room for another one before the line was complete, because all connections were in use.</summary>
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
