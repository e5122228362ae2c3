using ByteFilters;
using Oracle.Protocol;

namespace Oracle.Decisions;

/// <summary>The outcome of one question.</summary>
/// <param name="Answer">What the asker is told.</param>
/// <param name="Rule">The policy rule behind it; null when no rule was asked.</param>
/// <param name="Generation">The policy's generation; null when no policy was asked.</param>
/// <param name="Reason">Why it is denied; null when it is granted.</param>
internal sealed record Decision(OracleAnswer Answer, string? Rule, int? Generation, DenialReason? Reason)
{
    /// <summary>A grant.</summary>
    public static Decision Grant(TransformExpression transform, string rule, int generation) =>
        new(new OracleAnswer(transform), rule, generation, null);

    /// <summary>A denial.</summary>
    public static Decision Deny(DenialReason reason, int generation, string? rule = null) =>
        new(OracleAnswer.Denied, rule, generation, reason);

    /// <summary>A denial of what was no question.</summary>
    public static Decision Unheard(DenialReason reason) => new(OracleAnswer.Denied, null, null, reason);
}
