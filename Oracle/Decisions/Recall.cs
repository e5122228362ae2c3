namespace Oracle.Decisions;

/// <summary>The memory's result for a question about a connection.</summary>
internal enum Recall
{
    /// <summary>p2 asks first, and its decision is remembered.</summary>
    Opened,

    /// <summary>p1 asks second: p2's decision is known.</summary>
    Joined,

    /// <summary>This role has asked before.</summary>
    Repeated,

    /// <summary>p1 asks, and p2 has not.</summary>
    Unknown,

    /// <summary>The address of p2's question has no room left.</summary>
    Full,
}
