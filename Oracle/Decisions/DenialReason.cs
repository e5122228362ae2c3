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

    /// <summary>No room to remember the decision for the other role.</summary>
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
        DenialReason.MemoryFull => "memory_full",
        DenialReason.Malformed => "malformed",
        DenialReason.TooLong => "too_long",
        DenialReason.Timeout => "timeout",
        DenialReason.Closed => "closed",
        DenialReason.Reset => "reset",
        DenialReason.Draining => "draining",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };
}
