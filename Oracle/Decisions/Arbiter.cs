using Oracle.Policies;
using Oracle.Protocol;

namespace Oracle.Decisions;

/// <summary>
/// Decides questions. The first one on a connection decides for both roles; the policy may still deny the second
/// asker by its own role or peer, but never gives it another transform.
/// </summary>
internal sealed class Arbiter(PolicyStore policies, DecisionMemory memory)
{
    /// <summary>Decides one question.</summary>
    public Decision Decide(OracleQuestion question)
    {
        var active = policies.Current;
        var own = Propose(active.Policy.Judge(question.Role, question.Peer.Address), active.Generation);
        return memory.Ask(question.Id, question.Role, own, out var settled) switch
        {
            Recall.First => settled,
            Recall.Second => own.Reason is null ? settled : own,
            Recall.Repeated => Decision.Deny(DenialReason.RepeatedQuestion, active.Generation),
            _ => Decision.Deny(DenialReason.MemoryFull, active.Generation),
        };
    }

    private static Decision Propose(Verdict verdict, int generation) => verdict.Grant is { } grant
        ? Decision.Grant(grant.Draw(), verdict.Rule, generation)
        : Decision.Deny(DenialReason.Policy, generation, verdict.Rule);
}
