using ByteFilters;
using Oracle.Protocol;

namespace Oracle.Decisions;

/// <summary>The outcome of one question.</summary>
/// <param name="Answer">The answer to the asker.</param>
/// <param name="Rule">The policy rule that decided; null if no rule was used.</param>
/// <param name="Generation">The policy's generation; null if no policy was used.</param>
/// <param name="Reason">Why it is denied; null if it is granted.</param>
internal sealed record Decision(OracleAnswer Answer, string? Rule, int? Generation, DenialReason? Reason)
{
    /// <summary>A grant.</summary>
    public static Decision Grant(TransformExpression transform, string rule, int generation) =>
        new(new OracleAnswer(transform), rule, generation, null);

    /// <summary>The answer to an outbound sidecar that asks before it greets.</summary>
    public static Decision Advise(GreetingAdvice advice, string rule, int generation) =>
        new(new OracleAnswer(null, advice), rule, generation, null);

    /// <summary>A denial.</summary>
    public static Decision Deny(DenialReason reason, int generation, string? rule = null) =>
        new(OracleAnswer.Denied, rule, generation, reason);

    /// <summary>A denial of input that was not a question.</summary>
    public static Decision Unheard(DenialReason reason) => new(OracleAnswer.Denied, null, null, reason);
}
