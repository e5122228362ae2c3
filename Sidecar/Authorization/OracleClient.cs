using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Configuration;
using Sidecar.Relay;
using Sidecar.Telemetry;
using Sidecar.Upstream;

namespace Sidecar.Authorization;

/// <summary>Asks the Oracle over wire protocol v1: one TCP connection a question.</summary>
internal sealed class OracleClient(TimeoutOptions timeouts, Resolver resolver, UpstreamConnector connector, SidecarMetrics metrics, TimeProvider time)
{
    private static readonly MessageParser<string> ParseLine = WireLine.Parser(WireLine.MaxOracleBytes);

    public async ValueTask<Decision> AskAsync(ConnectionContext downstream, HostPort oracle, OracleQuestion question)
    {
        var started = metrics.Now;
        var decision = await ExchangeAsync(downstream, oracle, question);
        metrics.OracleAnswered(decision.Refusal?.Word() ?? "ok", started);
        return decision;
    }

    private async ValueTask<Decision> ExchangeAsync(ConnectionContext downstream, HostPort oracle, OracleQuestion question)
    {
        var resolved = await resolver.ResolveAsync(oracle);
        if (resolved.Failure is { } unresolved)
            return Unreached(unresolved, resolved.Detail!);
        var connected = await connector.ConnectAsync(downstream, resolved.Addresses, timeouts.Handshake);
        if (connected.Connection is null)
            return Unreached(connected.Failure!.Value, connected.Detail!);

        await using var connection = connected.Connection;
        try
        {
            await connection.Transport.Output.WriteAsync(WireLine.Encode(question.ToString()));
        }
        catch (IOException error)
        {
            return Decision.Refuse(RelayEndReason.OracleUnreachable, $"{oracle}: {error.Message}");
        }

        var read = await connection.Transport.Input.ReadMessageAsync(ParseLine, timeouts.Handshake, time);
        return read.Status == ReadStatus.Complete ? Decide(read.Message!) : Refuse(read.Status, oracle);
    }

    private static Decision Unreached(RelayEndReason failure, string detail) =>
        Decision.Refuse(failure == RelayEndReason.ConnectTimeout ? RelayEndReason.OracleTimeout : RelayEndReason.OracleUnreachable, detail);

    private static Decision Decide(string line) =>
        !OracleAnswer.TryParse(line, out var answer) ? Decision.Refuse(RelayEndReason.ProtocolError, $"the Oracle's answer '{line}' is none of the protocol")
        : answer.Transform is { } transform ? Decision.Grant(transform)
        : Decision.Refuse(RelayEndReason.OracleDenied, "the Oracle denied the connection");

    private static Decision Refuse(ReadStatus status, HostPort oracle) => status switch
    {
        ReadStatus.TimedOut => Decision.Refuse(RelayEndReason.OracleTimeout, $"{oracle} did not answer in time"),
        // Wire protocol v1: closed without an answer is a denial.
        ReadStatus.Closed or ReadStatus.Reset => Decision.Refuse(RelayEndReason.OracleDenied, $"{oracle} closed without an answer"),
        _ => Decision.Refuse(RelayEndReason.ProtocolError, $"the Oracle's answer is {HandshakeEnds.Describe(status)}"),
    };
}
