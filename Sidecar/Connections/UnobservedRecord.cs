namespace Sidecar.Connections;

/// <summary>Why a connection was not observed to its end, in its record.</summary>
/// <param name="Reason">As in the metric, in snake case.</param>
/// <param name="Rule">The rule that was broken; nothing of what a peer sent. Null where the log says more.</param>
/// <param name="Side">Whose bytes broke it, client or server; null where that is nobody's fault.</param>
/// <param name="Offset">How many bytes of that side had passed when it showed.</param>
internal sealed record UnobservedRecord(string Reason, string? Rule, string? Side, long? Offset)
{
    /// <summary>In words, for the log.</summary>
    public override string ToString() => Side is null ? Rule ?? Reason : $"{Rule}, found at byte {Offset} of the {Side}";
}
