using System.Globalization;

namespace ByteFilters;

/// <summary>
/// How the bytes of a connection are changed: steps, one after the other; <c>idt</c> has none. It hides nothing from an
/// attacker. Two expressions are equal if their texts are equal.
/// </summary>
public sealed class TransformExpression : IEquatable<TransformExpression>
{
    private const string NoWireForm = "";

    // Found at the first use; if two threads search at once, both find the same.
    private string? _wireForm;
    private string? _shown;

    internal TransformExpression(params IReadOnlyList<TransformStep> steps)
    {
        Steps = steps;
        Text = Write(step => step.Text);
    }

    /// <summary><c>idt</c>: bytes pass as they are.</summary>
    public static TransformExpression Identity { get; } = new();

    /// <summary><c>not</c>: all bits of each byte are inverted.</summary>
    public static TransformExpression Not { get; } = new(BuiltIn.Step(BuiltIn.Not));

    /// <summary>Its steps in their order.</summary>
    public IReadOnlyList<TransformStep> Steps { get; }

    /// <summary>
    /// The canonical form: parsing it gives an equal expression. It contains secrets: only for the wire and for comparing, never for an
    /// output.
    /// </summary>
    public string Text { get; }

    /// <summary>The canonical form without secrets, as records, logs and the admin port show it.</summary>
    public string Shown => _shown ??= Steps.All(step => ReferenceEquals(step.Shown, step.Text)) ? Text : Write(step => step.Shown);

    /// <summary>The name of its operator, <c>chain</c> or <c>idt</c>: a limited number of names, fit for a metric's label.</summary>
    public string Name => Steps switch
    {
        [] => "idt",
        [var step] => step.Operator.Name,
        _ => "chain",
    };

    /// <summary>Its form in wire protocol v1: <c>idt</c>, <c>not</c>, <c>xor 42</c>; null if v1 cannot express it.</summary>
    public string? WireForm => (_wireForm ??= FindWireForm() ?? NoWireForm) is { Length: > 0 } form ? form : null;

    /// <summary><c>(xor key)</c>.</summary>
    public static TransformExpression Xor(byte key) => new(BuiltIn.Step(BuiltIn.Xor, TransformArgument.OfNumber(key)));

    /// <summary>Reads the forms of wire protocol v1; null for anything else.</summary>
    public static TransformExpression? ParseWireForm(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
    {
        ["idt"] => Identity,
        ["not"] => Not,
        ["xor", var number] when byte.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var key) => Xor(key),
        _ => null,
    };

    /// <summary>The language without configured names and filters.</summary>
    /// <exception cref="TransformSyntaxException">Says where, and what was expected.</exception>
    public static TransformExpression Parse(string text) => TransformLanguage.Default.Parse(text);

    /// <summary>The inverse: the inverses of the steps in reverse order.</summary>
    public TransformExpression Inverse() => new([.. Steps.Reverse().Select(step => step.Inverse())]);

    /// <summary>The effect on a byte at any position; null if the position matters, or a filter is among the steps.</summary>
    public Permutation? AsPermutation()
    {
        var folded = Permutation.Identity;
        foreach (var step in Steps)
        {
            if (step.AsPermutation() is not { } permutation)
                return null;
            folded = folded.Then(permutation);
        }

        return folded;
    }

    // The length of the canonical form, without writing it.
    internal static int LengthOf(IReadOnlyCollection<TransformStep> steps) => steps.Count switch
    {
        0 => Identity.Text.Length,
        1 => steps.First().Text.Length,
        var count => "(chain )".Length + steps.Sum(step => step.Text.Length) + count - 1,
    };

    private string Write(Func<TransformStep, string> write) => Steps switch
    {
        [] => "idt",
        [var step] => write(step),
        _ => $"(chain {string.Join(' ', Steps.Select(write))})",
    };

    private string? FindWireForm() => Steps is [{ Operator: var only, Arguments: [var key] }] && only == BuiltIn.Xor
        ? $"xor {key.Value}"
        : AsPermutation()?.Key switch
        {
            null => null,
            0 => "idt",
            byte.MaxValue => "not",
            var folded => $"xor {folded}",
        };

    /// <inheritdoc/>
    public bool Equals(TransformExpression? other) => other is not null && Text == other.Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TransformExpression);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Shown;
}
