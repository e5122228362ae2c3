using Oracle.Protocol.Expressions;
using Chassis;
using Chassis.Net;
using Chassis.Settings;
using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>
/// Reads a policy file: <c>rules</c>, each with an optional <c>name</c>, <c>role</c> and <c>peer</c> and exactly one of
/// <c>transform</c> and <c>deny: true</c>; and <c>default</c>, a transform or <c>deny</c>, which it is when left out.
/// </summary>
internal static class PolicyFile
{
    // Every question may look at every rule: this keeps the search under some ten microseconds.
    private const int MaxRules = 1000;

    // A name stands in each line of the audit log.
    private const int MaxNameLength = 64;

    private static readonly string[] Keys = ["name", "role", "peer", "transform", "deny"];

    /// <summary>Reads a policy.</summary>
    /// <param name="text">The YAML text.</param>
    /// <param name="file">What errors call it.</param>
    /// <exception cref="UsageException">Names line, key, value and reason.</exception>
    public static Policy Parse(string text, string file)
    {
        var yaml = YamlSource.Read(new StringReader(text), file);
        if (yaml.Count == 0)
            throw new UsageException($"{file}: no rules and no default; to deny everyone, write 'default: deny'");
        var settings = new SettingSet().Add(yaml);
        settings.Find("rules")?.Refuse("a list of rules is expected");
        var indices = settings.Indices("rules");
        NoteKnownKeys(settings, indices);
        settings.RefuseUnknown();
        var rules = indices.Select(i => ReadRule(settings, $"rules.{i}", i)).ToList();
        RefuseSameNames(settings, rules);
        return new Policy(rules, settings.Read("default", null, ParseDefault));
    }

    private static PolicyRule ReadRule(SettingSet settings, string rule, int index)
    {
        settings.Find(rule)?.Refuse("a rule is expected: transform or deny, and what it matches");
        var some = settings.FindAny(rule)!;
        if (index >= MaxRules)
            throw new UsageException($"{some.Origin}: a policy has at most {MaxRules} rules");

        var roles = settings.ReadList($"{rule}.role", ParseRole);
        var peers = settings.ReadList($"{rule}.peer", NetworkAddress.Parse);
        var transform = settings.Read<TransformChoice?>($"{rule}.transform", null, text => TransformChoice.Parse(text, TransformLanguage.Default));
        var deny = settings.Read($"{rule}.deny", false, ParseDeny);
        if (deny == transform.HasValue)
            throw new UsageException($"{some.Origin}: {rule} needs either transform or 'deny: true', and not both");
        return new PolicyRule(settings.Read($"{rule}.name", rule, ParseName), roles, peers, transform);
    }

    // Before any value is read, so that a misspelt key is reported as such and not as a missing one.
    private static void NoteKnownKeys(SettingSet settings, IReadOnlyList<int> indices)
    {
        settings.Find("default");
        foreach (var index in indices)
        {
            settings.Find($"rules.{index}");
            foreach (var key in Keys)
                settings.Find($"rules.{index}.{key}");
            foreach (var key in new[] { $"rules.{index}.role", $"rules.{index}.peer" })
                settings.ReadList(key, text => text);
        }
    }

    private static void RefuseSameNames(SettingSet settings, List<PolicyRule> rules)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { Policy.DefaultName };
        for (var i = 0; i < rules.Count; i++)
        {
            if (!names.Add(rules[i].Name))
                settings.Find($"rules.{i}.name")?.Refuse("the name is taken; the audit log tells rules apart by it");
        }
    }

    private static TransformChoice? ParseDefault(string text) => text == "deny" ? null : TransformChoice.Parse(text, TransformLanguage.Default);

    private static SidecarRole ParseRole(string text) =>
        SidecarRoles.TryParse(text, out var role) ? role : throw new FormatException($"one of {SidecarRoles.Words} is expected");

    private static bool ParseDeny(string text) =>
        text == "true" ? true : throw new FormatException("only true is allowed; a rule that grants has a transform instead");

    private static string ParseName(string text) =>
        text.Length <= MaxNameLength ? text : throw new FormatException($"at most {MaxNameLength} characters are allowed");

    private static void Refuse(this Setting setting, string reason) => throw setting.Error(reason);
}
