using Oracle.Policies;
using Oracle.Protocol;

namespace Oracle.Decisions;

/// <summary>Decides questions. The first one on a connection decides; the other role gets the same answer.</summary>
internal sealed class Arbiter(PolicyStore policies, DecisionMemory memory)
{
    /// <summary>Decides one question.</summary>
    public Decision Decide(OracleQuestion question)
    {
        var active = policies.Current;
        var own = Propose(active.Policy.Judge(question.Role, question.Peer.Address), active.Generation);
        return memory.Ask(question.Id, question.Role, own, out var settled) switch
        {
            Recall.First or Recall.Second => settled,
            Recall.Repeated => Decision.Deny(DenialReason.RepeatedQuestion, active.Generation),
            _ => Decision.Deny(DenialReason.MemoryFull, active.Generation),
        };
    }

    private static Decision Propose(Verdict verdict, int generation) => verdict.Grant is { } grant
        ? Decision.Grant(grant.Draw(), verdict.Rule, generation)
        : Decision.Deny(DenialReason.Policy, generation, verdict.Rule);
}
