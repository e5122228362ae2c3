using System.Text.RegularExpressions;

namespace Testing;

/// <summary>The families of a metrics page.</summary>
internal static partial class MetricFamilies
{
    /// <summary>A line for each kind of sample: the type of its family, its name, the names of its labels.</summary>
    // The runtime's own metrics depend on earlier events in the process, so other tests check their types.
    public static SortedSet<string> Of(string page)
    {
        var types = TypeLine().Matches(page).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["type"].Value, StringComparer.Ordinal);
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        foreach (Match sample in SampleLine().Matches(page))
        {
            var name = sample.Groups["name"].Value;
            var family = types.ContainsKey(name) ? name : name[..name.LastIndexOf('_')];
            var labels = string.Join(' ', LabelName().Matches(sample.Groups["labels"].Value).Select(label => label.Groups["label"].Value));
            if (!family.StartsWith("dotnet_", StringComparison.Ordinal))
                lines.Add($"{types[family]} {name} {labels}".TrimEnd());
        }

        return lines;
    }

    [GeneratedRegex("^# TYPE (?<name>[^ ]+) (?<type>.*)$", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex TypeLine();

    [GeneratedRegex("^(?<name>[a-z_0-9]+)([{](?<labels>.*)[}])? [^ ]+$", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex SampleLine();

    [GeneratedRegex("(?<label>[a-z_]+)=\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex LabelName();
}
