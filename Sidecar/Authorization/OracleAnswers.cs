using ByteFilters;
using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Connections;

namespace Sidecar.Authorization;

/// <summary>Makes a decision of the Oracle's answer, or of its absence.</summary>
/// <param name="language">The language of transforms in dialect v1x.</param>
internal sealed class OracleAnswers(TransformLanguage language)
{
    private static readonly Decision Denied = Decision.Refuse(RelayEndReason.OracleDenied, "the Oracle denied the connection");

    // Most connections get the same answer, so its expression is read and kept only once.
    private Known? _last;

    /// <summary>The decision in a line.</summary>
    public Decision Read(string line, OracleDialect dialect)
    {
        if (Volatile.Read(ref _last) is { } last && last.Dialect == dialect && last.Line == line)
            return last.Decision;
        var decision = Parse(line, dialect);
        if (decision.Refusal is null)
            Volatile.Write(ref _last, new Known(line, dialect, decision));
        return decision;
    }

    /// <summary>The decision in an answer before the greeting.</summary>
    public static Decision ReadAdvice(string line) => !OracleAnswer.TryParseAdvice(line, out var answer) ? Unknown(line) : answer.Advice switch
    {
        GreetingAdvice.Peer => Decision.Greet,
        GreetingAdvice.Plain => Decision.Plain,
        _ => Denied,
    };

    /// <summary>There is no answer.</summary>
    public static Decision Missing(ReadStatus status, HostPort oracle) => status switch
    {
        ReadStatus.TimedOut => Decision.Refuse(RelayEndReason.OracleTimeout, $"{oracle} did not answer in time"),
        // Wire protocol v1: closed without an answer is a denial.
        ReadStatus.Closed or ReadStatus.Reset => Decision.Refuse(RelayEndReason.OracleDenied, $"{oracle} closed without an answer"),
        _ => Decision.Refuse(RelayEndReason.ProtocolError, $"the Oracle's answer is {HandshakeEnds.Describe(status)}"),
    };

    /// <summary>The question could not be sent.</summary>
    public static Decision Unsent(HostPort oracle, string error) => Decision.Refuse(RelayEndReason.OracleUnreachable, $"{oracle}: {error}");

    /// <summary>There is no connection to the Oracle.</summary>
    public static Decision Unreached(RelayEndReason failure, string detail) =>
        Decision.Refuse(failure == RelayEndReason.ConnectTimeout ? RelayEndReason.OracleTimeout : RelayEndReason.OracleUnreachable, detail);

    private Decision Parse(string line, OracleDialect dialect)
    {
        if (OracleAnswer.TryParse(line, dialect, language, out var answer, out var problem))
            return answer.Transform is { } transform ? Decision.Grant(transform) : Denied;
        return problem is null ? Unknown(line) : Decision.Refuse(RelayEndReason.ProtocolError, $"the Oracle's transform is none that this sidecar knows: {problem}");
    }

    private static Decision Unknown(string line) => Decision.Refuse(RelayEndReason.ProtocolError, $"the Oracle's answer '{line}' does not follow the protocol");

    private sealed record Known(string Line, OracleDialect Dialect, Decision Decision);
}
