using ByteFilters;

namespace Oracle.Protocol;

/// <summary>The answer to a p1 that asks before its greeting.</summary>
public enum GreetingAdvice
{
    /// <summary>It should greet, and ask again for the transform.</summary>
    Peer,

    /// <summary>It should connect as the client itself would.</summary>
    Plain,
}

/// <summary>
/// The Oracle's answer: <c>ok &lt;transform&gt;</c> or <c>deny</c>; to a p1 that asks before its greeting <c>peer</c>, <c>plain</c> or
/// <c>deny</c>.
/// </summary>
/// <param name="Transform">The transform of a granted connection; null if it is denied, or not the question.</param>
/// <param name="Advice">The answer before a greeting; null if it is denied, or not the question.</param>
public readonly record struct OracleAnswer(TransformExpression? Transform, GreetingAdvice? Advice = null)
{
    private const string Deny = "deny";
    private const string Ok = "ok ";
    private const string Peer = "peer";
    private const string Plain = "plain";

    /// <summary>The denial.</summary>
    public static OracleAnswer Denied => default;

    /// <summary>Reads a line of a dialect; in v1x the transform is any expression of the language.</summary>
    public static bool TryParse(string line, OracleDialect dialect, TransformLanguage language, out OracleAnswer answer) =>
        TryParse(line, dialect, language, out answer, out _);

    /// <summary>Reads a line of a dialect; if its transform is not an expression of the language, also gives the reason.</summary>
    public static bool TryParse(string line, OracleDialect dialect, TransformLanguage language, out OracleAnswer answer, out string? problem)
    {
        (answer, problem) = (Denied, null);
        if (line == Deny)
            return true;
        if (!line.StartsWith(Ok, StringComparison.Ordinal) || Read(line[Ok.Length..], dialect, language, out problem) is not { } transform)
            return false;
        answer = new OracleAnswer(transform);
        return true;
    }

    /// <summary>Reads a line of wire protocol v1.</summary>
    public static bool TryParse(string line, out OracleAnswer answer) => TryParse(line, OracleDialect.V1, TransformLanguage.Default, out answer);

    /// <summary>Reads the answer to a p1 that asks before its greeting. No other question has these answers.</summary>
    public static bool TryParseAdvice(string line, out OracleAnswer answer)
    {
        (var isKnown, answer) = line switch
        {
            Peer => (true, new OracleAnswer(null, GreetingAdvice.Peer)),
            Plain => (true, new OracleAnswer(null, GreetingAdvice.Plain)),
            _ => (line == Deny, Denied),
        };
        return isKnown;
    }

    /// <summary>Whether a dialect can express it. An answer that it cannot express must become a denial, never another transform.</summary>
    public bool FitsIn(OracleDialect dialect) => WordsIn(dialect) is { } words && words.Length <= dialect.MaxLineBytes() - Ok.Length;

    /// <summary>The line; null if the dialect cannot express the transform.</summary>
    public string? ToLine(OracleDialect dialect) => Transform is null ? WithoutTransform : WordsIn(dialect) is { } words ? Ok + words : null;

    /// <summary>The line for logs, without secrets; null as for <see cref="ToLine"/>.</summary>
    public string? ToShownLine(OracleDialect dialect) => dialect == OracleDialect.V1x ? ToString() : ToLine(dialect);

    /// <summary>For logs: <c>ok (xor 42)</c>, without secrets.</summary>
    public override string ToString() => Transform is { } transform ? Ok + transform : WithoutTransform;

    private string WithoutTransform => Advice switch
    {
        GreetingAdvice.Peer => Peer,
        GreetingAdvice.Plain => Plain,
        _ => Deny,
    };

    private string? WordsIn(OracleDialect dialect) => Transform is null ? "" : dialect == OracleDialect.V1x ? Transform.Text : Transform.WireForm;

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
