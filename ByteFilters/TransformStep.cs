using System.Text;

namespace ByteFilters;

/// <summary>An operator with its arguments, or what undoes that.</summary>
public sealed class TransformStep
{
    // Found when first asked for; two threads that do so both find the same.
    private Permutation? _permutation;
    private string? _text;
    private string? _shown;

    internal TransformStep(TransformOperator @operator, IReadOnlyList<TransformArgument> arguments, bool isInverted = false) =>
        (Operator, Arguments, IsInverted) = (@operator, arguments, isInverted);

    /// <summary>The operator.</summary>
    public TransformOperator Operator { get; }

    /// <summary>What stands behind its name.</summary>
    public IReadOnlyList<TransformArgument> Arguments { get; }

    /// <summary>Whether it undoes what the operator does; only of operators whose inverse has no word of its own.</summary>
    public bool IsInverted { get; }

    /// <summary>The canonical form: <c>(xor 42)</c>. It has secrets: for the wire and for comparing, never for an output.</summary>
    public string Text => _text ??= Write(argument => argument.Text);

    /// <summary>The canonical form without secrets, as all outputs have it.</summary>
    public string Shown => _shown ??= Arguments.All(argument => ReferenceEquals(argument.Shown, argument.Text)) ? Text : Write(argument => argument.Shown);

    /// <summary>What it does to a byte wherever that stands; null when the place matters, or nobody knows.</summary>
    public Permutation? AsPermutation() => Operator is BuiltIn.ByteOperator bytes ? _permutation ??= bytes.Tabulate(Arguments) : null;

    /// <summary>The step that undoes it.</summary>
    public TransformStep Inverse() => Operator.Invert(Arguments) ?? new TransformStep(Operator, Arguments, !IsInverted);

    /// <inheritdoc/>
    public override string ToString() => Shown;

    private string Write(Func<TransformArgument, string> write)
    {
        if (Operator is BuiltIn.ByteOperator { IsBare: true })
            return Operator.Name;
        var text = new StringBuilder("(").Append(Operator.Name);
        foreach (var argument in Arguments)
            text.Append(' ').Append(write(argument));
        text.Append(')');
        return IsInverted ? $"(inverse {text})" : text.ToString();
    }
}
