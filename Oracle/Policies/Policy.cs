using Oracle.Protocol.Expressions;
using System.Net;
using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>What the policy says to one question.</summary>
/// <param name="Rule">Name of the rule that said it.</param>
/// <param name="Grant">The transform; null is a denial.</param>
internal readonly record struct Verdict(string Rule, TransformChoice? Grant);

/// <summary>One rule of the policy.</summary>
/// <param name="Name">Its name, or its place in the file: <c>rules.0</c>.</param>
/// <param name="Roles">Who must ask; null for anyone.</param>
/// <param name="Peers">Where the asker's peer must be; null for anywhere.</param>
/// <param name="Grant">The transform; null denies.</param>
internal sealed record PolicyRule(string Name, IReadOnlyList<SidecarRole>? Roles, IReadOnlyList<IPNetwork>? Peers, TransformChoice? Grant)
{
    /// <summary>Whether the rule speaks of this question.</summary>
    public bool Matches(SidecarRole role, IPAddress peer) =>
        (Roles is null || Roles.Contains(role)) && (Peers is null || Peers.Any(network => network.Contains(peer)));
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
    public Verdict Judge(SidecarRole role, IPAddress peer)
    {
        foreach (var rule in Rules)
        {
            if (rule.Matches(role, peer))
                return new Verdict(rule.Name, rule.Grant);
        }

        return new Verdict(DefaultName, Default);
    }

    /// <summary>For logs: <c>3 rules, default deny</c>.</summary>
    public string Summary => $"{Rules.Count} {(Rules.Count == 1 ? "rule" : "rules")}, default {Default?.ToString() ?? "deny"}";
}
