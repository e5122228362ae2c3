using Oracle.Protocol;

namespace Oracle.Decisions;

/// <summary>What p2's question has settled for p1's.</summary>
/// <param name="Decision">p2's decision: its transform holds for both sides, its denial too.</param>
/// <param name="Route">Where p2 goes; null in dialect v1.</param>
internal sealed record PairOpening(Decision Decision, QuestionRoute? Route);
