using Oracle.Protocol.Expressions;

namespace Oracle.Protocol;

/// <summary>What the Oracle answers: <c>ok &lt;transform&gt;</c> or <c>deny</c>.</summary>
/// <param name="Transform">The transform of a granted connection; null when it is denied.</param>
public readonly record struct OracleAnswer(TransformExpression? Transform)
{
    private const string Deny = "deny";

    /// <summary>The denial.</summary>
    public static OracleAnswer Denied => default;

    /// <summary>Reads a line of a dialect; in v1x the transform is any expression of the language.</summary>
    public static bool TryParse(string line, OracleDialect dialect, TransformLanguage language, out OracleAnswer answer) =>
        TryParse(line, dialect, language, out answer, out _);

    /// <summary>Reads a line of a dialect, and tells why its transform is no expression of the language, if it is none.</summary>
    public static bool TryParse(string line, OracleDialect dialect, TransformLanguage language, out OracleAnswer answer, out string? problem)
    {
        (answer, problem) = (Denied, null);
        if (line == Deny)
            return true;
        if (!line.StartsWith("ok ", StringComparison.Ordinal) || Read(line[3..], dialect, language, out problem) is not { } transform)
            return false;
        answer = new OracleAnswer(transform);
        return true;
    }

    /// <summary>Reads a line of wire protocol v1.</summary>
    public static bool TryParse(string line, out OracleAnswer answer) => TryParse(line, OracleDialect.V1, TransformLanguage.Default, out answer);

    /// <summary>Whether a dialect can say it. What it cannot say must be denied, never weakened.</summary>
    public bool FitsIn(OracleDialect dialect) => ToLine(dialect) is { } line && line.Length <= dialect.MaxLineBytes();

    /// <summary>The line; null for a transform that the dialect has no word for.</summary>
    public string? ToLine(OracleDialect dialect) => Transform is not { } transform ? Deny
        : dialect == OracleDialect.V1x ? $"ok {transform}"
        : transform.WireForm is { } form ? $"ok {form}"
        : null;

    /// <summary>For logs: <c>ok (xor 42)</c>.</summary>
    public override string ToString() => Transform is { } transform ? $"ok {transform}" : Deny;

    private static TransformExpression? Read(string text, OracleDialect dialect, TransformLanguage language, out string? problem)
    {
        problem = null;
        if (dialect == OracleDialect.V1)
            return TransformExpression.ParseWireForm(text);
        try
        {
            return language.Parse(text);
        }
        catch (TransformSyntaxException error)
        {
            problem = error.Message;
            return null;
        }
    }
}
