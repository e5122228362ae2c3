namespace Oracle.Protocol;

/// <summary>How the Oracle is spoken to. It knows each by the first word of a question.</summary>
public enum OracleDialect
{
    /// <summary>As the Lisp programs speak: <c>hello</c>, one question for each TCP connection, three transforms.</summary>
    V1,

    /// <summary><c>ask</c>: with listener and destination, any transform expression, and as many questions for each TCP connection as the asker likes.</summary>
    V1x,
}

/// <summary>The words for dialects.</summary>
public static class OracleDialects
{
    /// <summary>Longest line, in bytes without its end.</summary>
    public static int MaxLineBytes(this OracleDialect dialect) => dialect == OracleDialect.V1 ? WireLine.MaxOracleBytes : 4096;
}
