namespace Sidecar.Tests.Interception;

/// <summary>Rules as text, from iptables-save and from what iptables-restore gets, brought to one form.</summary>
internal static class RuleText
{
    /// <summary>The rules, each behind its table; in the order of their chain, and the chains in the order of their names.</summary>
    public static string Normalise(string text)
    {
        var table = "";
        var rules = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith('*'))
                table = line[1..];
            else if (line.StartsWith("-A ", StringComparison.Ordinal) || line.StartsWith("-I ", StringComparison.Ordinal))
                rules.Add($"{table} {line[3..]}");
        }

        return string.Join('\n', rules.OrderBy(Chain, StringComparer.Ordinal));
    }

    private static string Chain(string rule) => string.Join(' ', rule.Split(' ').Take(2));
}
