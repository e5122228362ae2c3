using System.Net;
using ByteFilters;
using Chassis.Net;
using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>The policy's verdict on one question.</summary>
/// <param name="Rule">Name of the rule that decided.</param>
/// <param name="Grant">The transform; null is a denial.</param>
/// <param name="IsForLackOfRoute">
/// Whether it denies because the rule could match and its transform differs from the one that would be granted otherwise. Then every
/// possible answer grants a transform, but not always the same one.
/// </param>
/// <param name="IsPlain">Whether the connection should be a plain one. Only an outbound sidecar that asks for that gets this verdict.</param>
internal readonly record struct Verdict(string Rule, TransformChoice? Grant, bool IsForLackOfRoute = false, bool IsPlain = false)
{
    /// <summary>Whether some transform is granted in any case, whatever the question leaves open.</summary>
    public bool IsGranted => Grant is not null || IsForLackOfRoute;
}

/// <summary>Whether a rule matches a question; the order is that in which the least of several decides.</summary>
internal enum Match
{
    /// <summary>It does not match, whatever the question leaves open.</summary>
    No,

    /// <summary>
    /// It could match: the question does not name what the rule depends on. Dialect v1 names neither listener nor destination.
    /// </summary>
    Untold,

    /// <summary>It matches.</summary>
    Yes,
}

/// <summary>One rule of the policy.</summary>
/// <param name="Name">Its name, or its position in the file: <c>rules.0</c>.</param>
/// <param name="Roles">Roles of the asker; null for any.</param>
/// <param name="Peers">Networks of the asker's peer; null for any.</param>
/// <param name="Grant">The transform; null denies, or see <see cref="IsPlain"/>.</param>
internal sealed record PolicyRule(string Name, IReadOnlyList<SidecarRole>? Roles, IReadOnlyList<IPNetwork>? Peers, TransformChoice? Grant)
{
    /// <summary>Listeners of the asker; null for any.</summary>
    public IReadOnlyList<string>? Listeners { get; init; }

    /// <summary>Destinations of the connection; null for any.</summary>
    public IReadOnlyList<DestinationPattern>? Destinations { get; init; }

    /// <summary>
    /// Whether connections that match should be plain ones. Such a rule is there only for outbound sidecars that ask for that before they greet;
    /// every other question is judged by the rules behind it.
    /// </summary>
    public bool IsPlain { get; init; }

    /// <summary>Whether it depends on what only dialect v1x names.</summary>
    public bool LooksAtRoute => Listeners is not null || Destinations is not null;

    /// <summary>Whether the rule matches this question.</summary>
    public Match Matches(in PolicySubject subject)
    {
        if (Roles?.Contains(subject.Role) == false || (Peers is not null && !MatchesPeer(subject.Peer)) || (IsPlain && !subject.MayBePlain))
            return Match.No;
        var (listener, destination) = (MatchListener(subject.Listener), MatchDestination(subject));
        var least = listener < destination ? listener : destination;
        // In doubt nothing is plain.
        return IsPlain && least == Match.Untold ? Match.No : least;
    }

    private bool MatchesPeer(IPAddress peer) => Peers!.Any(network => network.Contains(peer));

    private Match MatchListener(string? listener) =>
        Listeners is null ? Match.Yes : listener is null ? Match.Untold : Listeners.Contains(listener) ? Match.Yes : Match.No;

    // Not a lambda: it would cost an object for each rule of each question.
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

/// <summary>Ordered rules, of which the first match decides, and the default if none matches.</summary>
/// <param name="Rules">The rules in the file's order.</param>
/// <param name="Default">The transform when no rule matches; null denies.</param>
internal sealed record Policy(IReadOnlyList<PolicyRule> Rules, TransformChoice? Default)
{
    /// <summary>The name of the verdict if no rule matches.</summary>
    public const string DefaultName = "default";

    /// <summary>The policy without a file, as compiled into the Lisp Oracle: <c>not</c> for every connection.</summary>
    public static Policy NotForEveryone { get; } = new([], new TransformChoice(TransformExpression.Not));

    /// <summary>
    /// Judges one question. A rule that could match and denies, denies. If a rule that could match grants, only the same
    /// transform can be granted in its place.
    /// </summary>
    public Verdict Judge(in PolicySubject subject)
    {
        var firstUntold = Rules.Count;
        for (var i = 0; i < Rules.Count; i++)
        {
            var (rule, match) = (Rules[i], Rules[i].Matches(subject));
            if (match == Match.Yes || (match == Match.Untold && rule.Grant is null))
                return UnlessUntold(new Verdict(rule.Name, rule.Grant, IsPlain: rule.IsPlain), subject, firstUntold, i);
            if (match == Match.Untold)
                firstUntold = Math.Min(firstUntold, i);
        }

        return UnlessUntold(new Verdict(DefaultName, Default), subject, firstUntold, Rules.Count);
    }

    // A second pass, only over the rules that could match, so that no question keeps a list of them.
    private Verdict UnlessUntold(Verdict verdict, in PolicySubject subject, int first, int end)
    {
        for (var i = first; i < end && (verdict.IsPlain || verdict.Grant is not null); i++)
        {
            if (Rules[i].Grant != verdict.Grant && Rules[i].Matches(subject) == Match.Untold)
                return new Verdict(Rules[i].Name, null, IsForLackOfRoute: true);
        }

        return verdict;
    }

    /// <summary>For logs: <c>3 rules, default deny</c>.</summary>
    public string Summary => $"{Rules.Count} {(Rules.Count == 1 ? "rule" : "rules")}, default {Default?.ToString() ?? "deny"}";
}
