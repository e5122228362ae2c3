using System.Net;
using Oracle.Policies;
using Oracle.Protocol;

namespace Oracle.Decisions;

/// <summary>
/// Decides questions. Each question is judged by itself, and a denial of either side stands. In a pair p2 asks first, and its grant
/// decides the transform of both. A p1 that asks about a connection about which no p2 has asked is denied and leaves nothing behind.
/// A p1 can ask before that whether it should greet; that opens nothing either, so it asks for the transform like any other.
/// </summary>
internal sealed class Arbiter(PolicyStore policies, DecisionMemory memory)
{
    /// <summary>Decides one question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="asker">The address that the question came from; the memory for the decision counts for this address.</param>
    public Decision Decide(OracleQuestion question, IPAddress asker)
    {
        var active = policies.Current;
        return question.Role switch
        {
            SidecarRole.Outbound when question.Route is { MayBePlain: true } => Advise(question, active),
            SidecarRole.Outbound => Join(question, active),
            SidecarRole.Inbound => Open(question, active, asker),
            _ => Judge(question, active),
        };
    }

    private static Decision Advise(OracleQuestion question, ActivePolicy active)
    {
        var verdict = active.Policy.Judge(PolicySubject.Of(question));
        return verdict.IsPlain ? Decision.Advise(GreetingAdvice.Plain, verdict.Rule, active.Generation)
            : verdict.IsGranted ? Decision.Advise(GreetingAdvice.Peer, verdict.Rule, active.Generation)
            : Decision.Deny(DenialReason.Policy, active.Generation, verdict.Rule);
    }

    private Decision Open(OracleQuestion question, ActivePolicy active, IPAddress asker)
    {
        var decision = Judge(question, active);
        return memory.Open(question.Id, asker, new PairOpening(decision, question.Destination(), question.Route?.FromGreeting == true)) switch
        {
            Recall.Opened => decision,
            Recall.Repeated => Decision.Deny(DenialReason.RepeatedQuestion, active.Generation),
            _ => Decision.Deny(DenialReason.MemoryFull, active.Generation),
        };
    }

    private Decision Join(OracleQuestion question, ActivePolicy active)
    {
        switch (memory.Join(question.Id, out var opening))
        {
            case Recall.Joined:
                break;
            case Recall.Repeated:
                return Decision.Deny(DenialReason.RepeatedQuestion, active.Generation);
            default:
                return Decision.Deny(DenialReason.UnknownConnection, active.Generation);
        }

        if (opening!.Decision.Reason is not null)
            return opening.Decision;
        if (AreMismatched(opening, question))
            return Decision.Deny(DenialReason.Mismatch, active.Generation);
        var own = active.Policy.Judge(PolicySubject.Of(question, opening.Destination));
        // The pair gets p2's transform, even if p1's rule names another one.
        return own.IsGranted
            ? Fit(opening.Decision, question.Dialect)
            : Decision.Deny(DenialReason.Policy, active.Generation, own.Rule);
    }

    // If p2 has its destination from p1's greeting, p1 must name the same one to the Oracle. Otherwise each has its own destination.
    private static bool AreMismatched(PairOpening opening, OracleQuestion question) =>
        opening is { IsGreeted: true, Destination: { } greeted } && question.Destination() is { } named && !greeted.IsSameAs(named);

    private static Decision Judge(OracleQuestion question, ActivePolicy active) =>
        Fit(Propose(active.Policy.Judge(PolicySubject.Of(question)), active.Generation), question.Dialect);

    private static Decision Propose(Verdict verdict, int generation) => verdict.Grant is { } grant
        ? Decision.Grant(grant.Draw(), verdict.Rule, generation)
        : Decision.Deny(verdict.IsForLackOfRoute ? DenialReason.Dialect : DenialReason.Policy, generation, verdict.Rule);

    private static Decision Fit(Decision decision, OracleDialect dialect) => decision.Answer.FitsIn(dialect)
        ? decision
        : decision with { Answer = OracleAnswer.Denied, Reason = DenialReason.Dialect };
}
