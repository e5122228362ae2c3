using System.Buffers;

namespace Oracle.Protocol;

/// <summary>How the Oracle is spoken to. It knows each by the first word of a question.</summary>
public enum OracleDialect
{
    /// <summary>As the Lisp programs speak: <c>hello</c>, one question for each TCP connection, three transforms.</summary>
    V1,

    /// <summary><c>ask</c>: with listener and destination, any transform expression, and as many questions for each TCP connection as the asker likes.</summary>
    V1x,
}

/// <summary>What lines of the dialects have.</summary>
public static class OracleDialects
{
    /// <summary>How long the Oracle keeps a connection of dialect v1x open that brings no further question.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(60);

    /// <summary>Longest line, in bytes without its end.</summary>
    public static int MaxLineBytes(this OracleDialect dialect) => dialect == OracleDialect.V1 ? WireLine.MaxOracleBytes : 4096;

    /// <summary>Finds a question's line for <see cref="MessageReader"/>; it may be as long as the dialect of its first word allows.</summary>
    public static ReadStatus ParseQuestionLine(ReadOnlySequence<byte> buffer, out SequencePosition consumed, out string line) =>
        WireLine.Parse(buffer, DialectOf(buffer).MaxLineBytes(), out consumed, out line);

    // Before its first word is whole, a line is shorter than either limit.
    private static OracleDialect DialectOf(ReadOnlySequence<byte> buffer) =>
        new SequenceReader<byte>(buffer).IsNext("ask "u8) ? OracleDialect.V1x : OracleDialect.V1;
}
