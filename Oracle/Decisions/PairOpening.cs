using Chassis.Net;

namespace Oracle.Decisions;

/// <summary>What p2's question has decided for p1's question.</summary>
/// <param name="Decision">p2's decision: its transform, or its denial, applies to both sides.</param>
/// <param name="Destination">p2's destination; null if p2 does not name it, as in dialect v1.</param>
/// <param name="IsGreeted">Whether p2 has the destination from p1's greeting.</param>
internal sealed record PairOpening(Decision Decision, HostPort? Destination = null, bool IsGreeted = false);
