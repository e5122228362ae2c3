using System.Text.RegularExpressions;

namespace Sidecar.Tests.EndToEnd.Documentation;

/// <summary>A command that a document shows.</summary>
/// <param name="Line">The line as it stands there, a comment behind it included.</param>
/// <param name="Output">The output that the document shows; empty when it shows none.</param>
internal sealed partial record DocumentedCommand(string Line, IReadOnlyList<string> Output)
{
    /// <summary>The command without its comment.</summary>
    public string Text { get; } = Comment().Replace(Line, "");

    /// <summary>Whether it defines a name for the commands of all documents.</summary>
    public bool IsAlias => Line.StartsWith("alias ", StringComparison.Ordinal);

    /// <summary>Output without what differs from run to run and from processor to processor.</summary>
    public static IReadOnlyList<string> Shape(IEnumerable<string> output) =>
        [.. output.Select(line => Kernel().Replace(Gap().Replace(Number().Replace(line, "#"), " "), "*").Trim()).Where(line => line.Length > 0)];

    [GeneratedRegex(@"\s+# .*$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\d+([.:]\d+)*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Number();

    [GeneratedRegex(@"\s+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Gap();

    [GeneratedRegex("(?<=^kernel: ).*", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Kernel();
}
