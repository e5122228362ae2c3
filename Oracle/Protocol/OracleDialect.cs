using System.Buffers;

namespace Oracle.Protocol;

/// <summary>The dialect of a question to the Oracle. The Oracle knows it by the first word of the question.</summary>
public enum OracleDialect
{
    /// <summary>The dialect of the Lisp programs: <c>hello</c>, one question for each TCP connection, three transforms.</summary>
    V1,

    /// <summary>
    /// <c>ask</c>: with listener and destination, any transform expression, and any number of questions for each TCP connection.
    /// </summary>
    V1x,
}

/// <summary>Limits of the dialects.</summary>
public static class OracleDialects
{
    /// <summary>How long the Oracle keeps a v1x connection open that brings no further question.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(60);

    /// <summary>Longest line, in bytes without its end.</summary>
    public static int MaxLineBytes(this OracleDialect dialect) => dialect == OracleDialect.V1 ? WireLine.MaxOracleBytes : 4096;

    /// <summary>Finds a question's line for <see cref="MessageReader"/>; the dialect of its first word sets the longest length.</summary>
    public static ReadStatus ParseQuestionLine(ReadOnlySequence<byte> buffer, out SequencePosition consumed, out string line) =>
        WireLine.Parse(buffer, DialectOf(buffer).MaxLineBytes(), out consumed, out line);

    // While its first word is incomplete, a line is shorter than either limit.
    private static OracleDialect DialectOf(ReadOnlySequence<byte> buffer) =>
        new SequenceReader<byte>(buffer).IsNext("ask "u8) ? OracleDialect.V1x : OracleDialect.V1;
}
