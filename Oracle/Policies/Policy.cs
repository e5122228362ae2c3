using System.Net;
using Chassis.Net;
using Oracle.Protocol;
using Oracle.Protocol.Expressions;

namespace Oracle.Policies;

/// <summary>What the policy says to one question.</summary>
/// <param name="Rule">Name of the rule that said it.</param>
/// <param name="Grant">The transform; null is a denial.</param>
internal readonly record struct Verdict(string Rule, TransformChoice? Grant);

/// <summary>
/// One rule of the policy. What a question does not tell, as in dialect v1 listener and destination, keeps a rule from
/// granting but not from denying: it could be what the rule means.
/// </summary>
/// <param name="Name">Its name, or its place in the file: <c>rules.0</c>.</param>
/// <param name="Roles">Who must ask; null for anyone.</param>
/// <param name="Peers">Where the asker's peer must be; null for anywhere.</param>
/// <param name="Grant">The transform; null denies.</param>
internal sealed record PolicyRule(string Name, IReadOnlyList<SidecarRole>? Roles, IReadOnlyList<IPNetwork>? Peers, TransformChoice? Grant)
{
    /// <summary>Which listener must ask; null for any.</summary>
    public IReadOnlyList<string>? Listeners { get; init; }

    /// <summary>Where the connection must go; null for anywhere.</summary>
    public IReadOnlyList<DestinationPattern>? Destinations { get; init; }

    /// <summary>Whether it looks at what only dialect v1x tells.</summary>
    public bool LooksAtRoute => Listeners is not null || Destinations is not null;

    /// <summary>Whether the rule speaks of this question.</summary>
    public bool Matches(in PolicySubject subject) =>
        (Roles is null || Roles.Contains(subject.Role)) && MatchesPeer(subject.Peer) && MatchesListener(subject.Listener) && MatchesDestination(subject);

    private bool MatchesPeer(IPAddress peer) => Peers is null || Peers.Any(network => network.Contains(peer));

    private bool MatchesListener(string? listener) => Listeners is null || (listener is null ? Grant is null : Listeners.Contains(listener));

    // No lambda: it would cost an object for each rule of each question.
    private bool MatchesDestination(in PolicySubject subject)
    {
        if (Destinations is null || subject.Destination is null)
            return Destinations is null || Grant is null;
        foreach (var pattern in Destinations)
        {
            if (subject.IsBoundFor(pattern))
                return true;
        }

        return false;
    }
}

/// <summary>Ordered rules, of which the first that matches decides, and what holds when none does.</summary>
/// <param name="Rules">The rules in the file's order.</param>
/// <param name="Default">The transform when no rule matches; null denies.</param>
internal sealed record Policy(IReadOnlyList<PolicyRule> Rules, TransformChoice? Default)
{
    /// <summary>The name of the verdict when no rule matches.</summary>
    public const string DefaultName = "default";

    /// <summary>The policy without a file, the one the Lisp Oracle has compiled in: <c>not</c> for everyone.</summary>
    public static Policy NotForEveryone { get; } = new([], new TransformChoice(TransformExpression.Not));

    /// <summary>Judges one question.</summary>
    public Verdict Judge(in PolicySubject subject)
    {
        foreach (var rule in Rules)
        {
            if (rule.Matches(subject))
                return new Verdict(rule.Name, rule.Grant);
        }

        return new Verdict(DefaultName, Default);
    }

    /// <summary>For logs: <c>3 rules, default deny</c>.</summary>
    public string Summary => $"{Rules.Count} {(Rules.Count == 1 ? "rule" : "rules")}, default {Default?.ToString() ?? "deny"}";
}
