using Oracle.Protocol.Expressions;
using System.Security.Cryptography;

namespace Oracle.Policies;

/// <summary>Which transform a granted connection gets: always the same, or an xor key drawn for each connection.</summary>
/// <param name="Fixed">The transform; null draws one.</param>
internal readonly record struct TransformChoice(TransformExpression? Fixed)
{
    /// <summary>Draws a fresh key each time.</summary>
    public static TransformChoice Random => new(null);

    /// <summary>Reads an expression, or <c>random</c>.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static TransformChoice Parse(string text, TransformLanguage language)
    {
        if (text == "random")
            return Random;
        try
        {
            return new TransformChoice(language.Parse(text));
        }
        catch (TransformSyntaxException error)
        {
            throw new FormatException($"random, or a transform, is expected: {error.Message}", error);
        }
    }

    /// <summary>The transform of one connection.</summary>
    // Key 0 would leave every byte as it is.
    public TransformExpression Draw() => Fixed ?? TransformExpression.Xor((byte)RandomNumberGenerator.GetInt32(1, 256));

    /// <inheritdoc/>
    public override string ToString() => Fixed?.ToString() ?? "random";
}
