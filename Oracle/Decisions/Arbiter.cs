using Oracle.Policies;
using Oracle.Protocol;

namespace Oracle.Decisions;

/// <summary>
/// Decides questions. The first one on a connection decides; the other role gets the same answer, or a denial when its
/// dialect cannot say it.
/// </summary>
internal sealed class Arbiter(PolicyStore policies, DecisionMemory memory)
{
    /// <summary>Decides one question.</summary>
    public Decision Decide(OracleQuestion question)
    {
        var active = policies.Current;
        // Fitted before it is remembered: what the first role is denied, the second is denied too.
        var own = Fit(Propose(active.Policy.Judge(PolicySubject.Of(question)), active.Generation), question.Dialect);
        return memory.Ask(question.Id, question.Role, own, out var settled) switch
        {
            Recall.First or Recall.Second => Fit(settled, question.Dialect),
            Recall.Repeated => Decision.Deny(DenialReason.RepeatedQuestion, active.Generation),
            _ => Decision.Deny(DenialReason.MemoryFull, active.Generation),
        };
    }

    private static Decision Propose(Verdict verdict, int generation) => verdict.Grant is { } grant
        ? Decision.Grant(grant.Draw(), verdict.Rule, generation)
        : Decision.Deny(verdict.IsForLackOfRoute ? DenialReason.Dialect : DenialReason.Policy, generation, verdict.Rule);

    private static Decision Fit(Decision decision, OracleDialect dialect) => decision.Answer.FitsIn(dialect)
        ? decision
        : decision with { Answer = OracleAnswer.Denied, Reason = DenialReason.Dialect };
}
