using ByteFilters;
using Chassis;
using Chassis.Expressions;
using Chassis.Net;
using Chassis.Settings;
using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>
/// Reads a policy file: <c>rules</c>, each with an optional <c>name</c>, <c>role</c>, <c>peer</c>, <c>listener</c> and
/// <c>destination</c> and exactly one of <c>transform</c>, <c>plain: true</c> and <c>deny: true</c>; <c>default</c>, a transform or
/// <c>deny</c> (also if it is left out); and the words that <see cref="LanguageSettings"/> reads.
/// </summary>
internal static class PolicyFile
{
    /// <summary>The value of <c>default</c> that denies.</summary>
    public const string DenyWord = "deny";

    // Every question can look at every rule; this keeps the search under some ten microseconds.
    private const int MaxRules = 1000;

    // The names of rules and listeners stand in each line of the audit log.
    private const int MaxNameLength = 64;

    // The words that can stand in place of a transform.
    private static readonly TransformLanguage Language = TransformLanguage.Default.Reserving(TransformChoice.RandomWord, DenyWord);

    private static readonly string[] Lists = ["role", "peer", "listener", "destination"];
    private static readonly string[] Keys = ["name", "transform", "plain", "deny", .. Lists];

    /// <summary>Reads a policy.</summary>
    /// <param name="text">The YAML text.</param>
    /// <param name="file">The name of the file in errors.</param>
    /// <exception cref="UsageException">Names line, key, value and reason of each error.</exception>
    public static Policy Parse(string text, string file)
    {
        var yaml = YamlSource.Read(new StringReader(text), file);
        var settings = new SettingSet().Add(yaml);
        if (settings.FindWord("rules") is { } word)
            settings.Refuse(word, "a list of rules is expected");
        var indices = settings.Indices("rules");
        if (indices.Count > MaxRules)
            throw new UsageException($"{settings.FindAny($"rules.{indices[MaxRules]}")!.Origin}: a policy has at most {MaxRules} rules");
        NoteKnownKeys(settings, indices);
        var language = LanguageSettings.Read(settings, Language);
        settings.RefuseUnknown();
        settings.ThrowErrors();
        if (indices.Count == 0 && settings.Find("default") is null)
            throw new UsageException($"{file}: no rules and no default; to deny everyone, write 'default: deny'");
        var rules = indices.Select(i => ReadRule(settings, $"rules.{i}", language)).ToList();
        RefuseSameNames(settings, rules);
        var policy = new Policy(rules, settings.Read<TransformChoice?>("default", null, text => text == DenyWord ? null : TransformChoice.Parse(text, language)));
        settings.ThrowErrors();
        return policy;
    }

    private static PolicyRule ReadRule(SettingSet settings, string rule, TransformLanguage language)
    {
        var some = settings.FindAny(rule)!;

        var roles = settings.ReadList($"{rule}.role", ParseRole);
        var peers = settings.ReadList($"{rule}.peer", NetworkAddress.Parse);
        var listeners = settings.ReadList($"{rule}.listener", ParseListener);
        var destinations = settings.ReadList($"{rule}.destination", DestinationPattern.Parse);
        var transform = settings.Read<TransformChoice?>($"{rule}.transform", null, text => TransformChoice.Parse(text, language));
        var deny = settings.Read($"{rule}.deny", false, ParseTrue);
        var plain = settings.Read($"{rule}.plain", false, ParseTrue);
        bool[] outcomes = [transform.HasValue, deny, plain];
        if (outcomes.Count(isGiven => isGiven) != 1 && !settings.IsWrong($"{rule}.transform") && !settings.IsWrong($"{rule}.deny") && !settings.IsWrong($"{rule}.plain"))
            settings.RefuseAt(some, $"{rule} needs either transform or 'plain: true' or 'deny: true', and only one of them");
        if (plain && roles?.Contains(SidecarRole.Outbound) == false && settings.Find($"{rule}.plain") is { } unasked)
            settings.Refuse(unasked, "only outbound sidecars ask whether a connection should be plain, and the rule's roles leave them out");
        return new PolicyRule(settings.Read($"{rule}.name", rule, ParseName), roles, peers, transform)
        {
            Listeners = listeners,
            Destinations = destinations,
            IsPlain = plain,
        };
    }

    // Before any value is read, so that a misspelt key is reported as such and not as a missing key.
    private static void NoteKnownKeys(SettingSet settings, IReadOnlyList<int> indices)
    {
        settings.FindWord("default");
        LanguageSettings.NoteKeys(settings);
        foreach (var index in indices)
        {
            if (settings.FindWord($"rules.{index}") is { } word)
                settings.Refuse(word, "a rule is expected: transform, plain or deny, and what it matches");
            foreach (var key in Keys)
                settings.FindWord($"rules.{index}.{key}");
            foreach (var key in Lists)
                settings.ReadList($"rules.{index}.{key}", text => text);
        }
    }

    private static void RefuseSameNames(SettingSet settings, List<PolicyRule> rules)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { Policy.DefaultName };
        for (var i = 0; i < rules.Count; i++)
        {
            if (!names.Add(rules[i].Name) && settings.Find($"rules.{i}.name") is { } name)
                settings.Refuse(name, "the name is taken; the audit log tells rules apart by it");
        }
    }

    private static SidecarRole ParseRole(string text) =>
        SidecarRoles.TryParse(text, out var role) ? role : throw new FormatException($"one of {SidecarRoles.Words} is expected");

    private static bool ParseTrue(string text) =>
        text == "true" ? true : throw new FormatException("only true is allowed; a rule that grants has a transform instead");

    private static string ParseName(string text) =>
        text.Length <= MaxNameLength ? text : throw new FormatException($"at most {MaxNameLength} characters are allowed");

    // A question cannot name any other listener, so the rule would never match.
    private static string ParseListener(string text) => text.Length <= MaxNameLength && text.All(c => c is > ' ' and <= '~')
        ? text
        : throw new FormatException($"a listener's name is expected, 1 to {MaxNameLength} visible ASCII characters");
}
