using Chassis.Net;

namespace Oracle.Decisions;

/// <summary>What p2's question has settled for p1's.</summary>
/// <param name="Decision">p2's decision: its transform holds for both sides, its denial too.</param>
/// <param name="Destination">Where p2 goes; null when it does not tell, as in dialect v1.</param>
/// <param name="IsGreeted">Whether p2 has the destination from p1's greeting.</param>
internal sealed record PairOpening(Decision Decision, HostPort? Destination = null, bool IsGreeted = false);
