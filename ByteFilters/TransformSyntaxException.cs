namespace ByteFilters;

/// <summary>
/// A text is not a transform expression. The message names line, column and what was expected: <c>1:6: a byte 0..255 expected, got 300</c>.
/// </summary>
public sealed class TransformSyntaxException : FormatException
{
    /// <param name="line">The line, from 1.</param>
    /// <param name="column">The column, from 1, in characters.</param>
    /// <param name="problem">What was expected, and the text that is there instead.</param>
    public TransformSyntaxException(int line, int column, string problem)
        : base($"{line}:{column}: {problem}") => (Line, Column) = (line, column);

    /// <summary>The line, from 1.</summary>
    public int Line { get; }

    /// <summary>The column, from 1, in characters.</summary>
    public int Column { get; }
}
