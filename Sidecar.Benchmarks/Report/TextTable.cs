using System.Text;

namespace Sidecar.Benchmarks.Report;

/// <summary>A Markdown table with aligned columns, so that it reads as well in a terminal.</summary>
internal sealed class TextTable(params IReadOnlyList<string> heads)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    /// <summary>Whether it has rows.</summary>
    public bool IsEmpty => _rows.Count == 0;

    /// <summary>Adds a row of as many cells as there are heads.</summary>
    public void Add(params IReadOnlyList<string> cells) => _rows.Add(cells);

    /// <summary>The first column is flushed left, figures right.</summary>
    public override string ToString()
    {
        var widths = heads.Select((head, i) => Math.Max(3, _rows.Select(row => row[i].Length).Append(head.Length).Max())).ToArray();
        var text = new StringBuilder();
        Line(heads);
        text.AppendLine($"|{string.Join("|", widths.Select((width, i) => i == 0 ? new string('-', width + 2) : new string('-', width + 1) + ":"))}|");
        _rows.ForEach(Line);
        return text.ToString();

        void Line(IReadOnlyList<string> cells) =>
            text.AppendLine($"| {string.Join(" | ", cells.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i])))} |");
    }
}
