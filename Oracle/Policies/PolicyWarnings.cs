using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>Parts of a policy that probably do not do what its author wants, for pairs and for sidecars that ask in dialect v1.</summary>
internal static class PolicyWarnings
{
    // A log line names no more; the others are counted.
    private const int MaxNames = 10;

    /// <summary>At most one line of each kind.</summary>
    public static IEnumerable<string> Of(Policy policy)
    {
        if (CanGrant(policy, SidecarRole.Outbound) != CanGrant(policy, SidecarRole.Inbound))
            yield return $"nothing grants to {(CanGrant(policy, SidecarRole.Outbound) ? "inbound" : "outbound")}: each side of a pair is judged by itself and both need a grant, so no pair has one";
        var unsaid = policy.Rules.Where(rule => IsUnsaid(rule.Grant)).Select(rule => rule.Name);
        if (Names(IsUnsaid(policy.Default) ? unsaid.Append(Policy.DefaultName) : unsaid) is { } mute)
            yield return $"dialect v1 cannot express the transform of {mute}: a sidecar that asks in v1 is denied if this transform applies";
        if (Names(policy.Rules.Where(rule => rule is { Grant: null, IsPlain: false, LooksAtRoute: true }).Select(rule => rule.Name)) is { } blind)
            yield return $"dialect v1 names neither listener nor destination, but these rules deny by one of them: {blind}. They deny a sidecar that asks in v1 for every destination";
        if (Names(policy.Rules.Where((rule, i) => IsTorn(policy, rule, i)).Select(rule => rule.Name)) is { } torn)
            yield return $"dialect v1 names neither listener nor destination, but these rules grant by one of them: {torn}. They deny a sidecar that asks in v1 if another transform would apply";
    }

    private static bool CanGrant(Policy policy, SidecarRole role) =>
        policy.Default is not null || policy.Rules.Any(rule => rule.Grant is not null && rule.Roles?.Contains(role) != false);

    private static bool IsUnsaid(TransformChoice? grant) => grant?.Fixed is { } transform && !new OracleAnswer(transform).FitsIn(OracleDialect.V1);

    // Without the rule, the rules after it could grant something else.
    private static bool IsTorn(Policy policy, PolicyRule rule, int index) => rule is { Grant: { } grant, LooksAtRoute: true }
        && policy.Rules.Skip(index + 1).Select(later => later.Grant).Append(policy.Default).Any(other => other is not null && other != grant);

    private static string? Names(IEnumerable<string> rules)
    {
        var names = rules.ToList();
        var more = names.Count - MaxNames;
        return names.Count == 0 ? null : string.Join(", ", names.Take(MaxNames)) + (more > 0 ? $" and {more} more" : "");
    }
}
