using System.Security.Cryptography;
using ByteFilters;
using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>Which transform a granted connection gets: always the same, or an xor key drawn for each connection.</summary>
/// <param name="Fixed">The transform; null draws one.</param>
internal readonly record struct TransformChoice(TransformExpression? Fixed)
{
    /// <summary>What a policy writes for <see cref="Random"/>.</summary>
    public const string RandomWord = "random";

    /// <summary>Draws a fresh key each time.</summary>
    public static TransformChoice Random => new(null);

    /// <summary>Reads an expression, or <c>random</c>.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static TransformChoice Parse(string text, TransformLanguage language)
    {
        if (text == RandomWord)
            return Random;
        try
        {
            var transform = language.Parse(text);
            return new OracleAnswer(transform).FitsIn(OracleDialect.V1x)
                ? new TransformChoice(transform)
                : throw new FormatException($"its canonical form has {transform.Text.Length} characters, more than an answer's line of {OracleDialect.V1x.MaxLineBytes()} bytes holds");
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
    public override string ToString() => Fixed?.ToString() ?? RandomWord;
}
