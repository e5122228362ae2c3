using System.Security.Cryptography;
using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>Which transform a granted connection gets: always the same, or an xor key drawn for each connection.</summary>
/// <param name="Fixed">The transform; null draws one.</param>
internal readonly record struct TransformChoice(TransformSpec? Fixed)
{
    /// <summary>Draws a fresh key each time.</summary>
    public static TransformChoice Random => new(null);

    /// <summary>Reads <c>idt</c>, <c>not</c>, <c>xor 42</c> or <c>random</c>.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static TransformChoice Parse(string text) =>
        text == "random" ? Random
        : TransformSpec.TryParse(text, out var spec) ? new TransformChoice(spec)
        : throw new FormatException("a transform is expected: idt, not, xor 0..255 or random");

    /// <summary>The transform of one connection.</summary>
    // Key 0 would leave every byte as it is.
    public TransformSpec Draw() => Fixed ?? new TransformSpec(TransformKind.Xor, (byte)RandomNumberGenerator.GetInt32(1, 256));

    /// <inheritdoc/>
    public override string ToString() => Fixed?.ToString() ?? "random";
}
