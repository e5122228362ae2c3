namespace Sidecar.Connections;

/// <summary>In a connection's record: why it was not observed to its end.</summary>
/// <param name="Reason">As in the metric, in snake case.</param>
/// <param name="Rule">The rule that was broken, without any bytes of a peer. Null if the log says more.</param>
/// <param name="Side">The side that broke it, client or server; null if no side did.</param>
/// <param name="Offset">Bytes of that side that had passed when it was found.</param>
internal sealed record UnobservedRecord(string Reason, string? Rule, string? Side, long? Offset)
{
    /// <summary>In words, for the log.</summary>
    public override string ToString() => Side is null ? Rule ?? Reason : $"{Rule}, found at byte {Offset} of the {Side}";
}
