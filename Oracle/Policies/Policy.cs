using System.Net;
using ByteFilters;
using Chassis.Net;
using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>What the policy says to one question.</summary>
/// <param name="Rule">Name of the rule that said it.</param>
/// <param name="Grant">The transform; null is a denial.</param>
/// <param name="IsForLackOfRoute">
/// Whether it denies because the rule could mean the connection, and its transform is not what would hold otherwise: whatever
/// the question leaves untold, it would be granted, but not always the same.
/// </param>
internal readonly record struct Verdict(string Rule, TransformChoice? Grant, bool IsForLackOfRoute = false)
{
    /// <summary>Whether some transform is granted, whatever the question leaves untold.</summary>
    public bool IsGranted => Grant is not null || IsForLackOfRoute;
}

/// <summary>Whether a rule speaks of a question, in the order in which the least of several decides.</summary>
internal enum Match
{
    /// <summary>It does not, whatever the question leaves untold.</summary>
    No,

    /// <summary>It could: the question does not tell what the rule looks at, as dialect v1 tells neither listener nor destination.</summary>
    Untold,

    /// <summary>It does.</summary>
    Yes,
}

/// <summary>One rule of the policy.</summary>
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
    public Match Matches(in PolicySubject subject)
    {
        if (Roles?.Contains(subject.Role) == false || (Peers is not null && !MatchesPeer(subject.Peer)))
            return Match.No;
        var (listener, destination) = (MatchListener(subject.Listener), MatchDestination(subject));
        return listener < destination ? listener : destination;
    }

    private bool MatchesPeer(IPAddress peer) => Peers!.Any(network => network.Contains(peer));

    private Match MatchListener(string? listener) =>
        Listeners is null ? Match.Yes : listener is null ? Match.Untold : Listeners.Contains(listener) ? Match.Yes : Match.No;

    // No lambda: it would cost an object for each rule of each question.
    private Match MatchDestination(in PolicySubject subject)
    {
        if (Destinations is null || subject.Destination is null)
            return Destinations is null ? Match.Yes : Match.Untold;
        foreach (var pattern in Destinations)
        {
            if (subject.IsBoundFor(pattern))
                return Match.Yes;
        }

        return Match.No;
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

    /// <summary>
    /// Judges one question. A rule that could mean it denies if it denies at all; if it grants, nothing but the same
    /// transform may be granted in its place.
    /// </summary>
    public Verdict Judge(in PolicySubject subject)
    {
        var firstUntold = Rules.Count;
        for (var i = 0; i < Rules.Count; i++)
        {
            var (rule, match) = (Rules[i], Rules[i].Matches(subject));
            if (match == Match.Yes || (match == Match.Untold && rule.Grant is null))
                return UnlessUntold(new Verdict(rule.Name, rule.Grant), subject, firstUntold, i);
            if (match == Match.Untold)
                firstUntold = Math.Min(firstUntold, i);
        }

        return UnlessUntold(new Verdict(DefaultName, Default), subject, firstUntold, Rules.Count);
    }

    // A second look, at those rules alone that could be meant: no question keeps a list of them.
    private Verdict UnlessUntold(Verdict verdict, in PolicySubject subject, int first, int end)
    {
        for (var i = first; i < end && verdict.Grant is not null; i++)
        {
            if (Rules[i].Grant != verdict.Grant && Rules[i].Matches(subject) == Match.Untold)
                return new Verdict(Rules[i].Name, null, IsForLackOfRoute: true);
        }

        return verdict;
    }

    /// <summary>For logs: <c>3 rules, default deny</c>.</summary>
    public string Summary => $"{Rules.Count} {(Rules.Count == 1 ? "rule" : "rules")}, default {Default?.ToString() ?? "deny"}";
}
