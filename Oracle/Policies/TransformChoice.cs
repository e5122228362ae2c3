using System.Security.Cryptography;
using ByteFilters;
using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>The transform of a granted connection: always the same, or a random xor key for each connection.</summary>
/// <param name="Fixed">The transform; null for a random key.</param>
internal readonly record struct TransformChoice(TransformExpression? Fixed)
{
    /// <summary>The word for <see cref="Random"/> in a policy.</summary>
    public const string RandomWord = "random";

    /// <summary>A fresh key for each connection.</summary>
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
