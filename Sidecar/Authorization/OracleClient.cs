using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Authorization.Pools;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Resolution;
using Sidecar.Telemetry;
using Sidecar.Upstream;

namespace Sidecar.Authorization;

/// <summary>Asks the Oracle: in dialect v1 over a TCP connection for each question, in v1x over connections that are kept.</summary>
internal sealed class OracleClient(
    SidecarOptions options, Resolver resolver, UpstreamConnector connector, OraclePools pools, OracleReach reach, SidecarMetrics metrics, TimeProvider time)
{
    private static readonly MessageParser<string> ParseLine = WireLine.Parser(OracleDialect.V1.MaxLineBytes());

    private readonly OracleAnswers _answers = new(options.Language);
    private readonly TimeSpan _limit = options.Timeouts.Handshake;

    public async ValueTask<Decision> AskAsync(ConnectionContext downstream, HostPort oracle, OracleQuestion question)
    {
        var started = metrics.Now;
        var line = WireLine.Encode(question.ToString());
        var decision = question.Dialect == OracleDialect.V1
            ? await AskOnceAsync(downstream, oracle, line)
            : await AskPooledAsync(downstream, oracle, line, question.Route is { MayBePlain: true });
        reach.Note(oracle, decision);
        metrics.OracleAnswered(decision.Refusal?.Word() ?? "ok", started);
        return decision;
    }

    private async ValueTask<Decision> AskOnceAsync(ConnectionContext downstream, HostPort oracle, byte[] question)
    {
        var connected = await ConnectAsync(downstream, oracle, time.GetTimestamp());
        if (connected.Connection is null)
            return OracleAnswers.Unreached(connected.Failure!.Value, connected.Detail!);

        await using var connection = connected.Connection;
        try
        {
            await connection.Transport.Output.WriteAsync(question);
        }
        catch (IOException error)
        {
            return OracleAnswers.Unsent(oracle, error.Message);
        }

        var read = await connection.Transport.Input.ReadMessageAsync(ParseLine, _limit, time);
        return read.Status == ReadStatus.Complete ? _answers.Read(read.Message!, OracleDialect.V1) : OracleAnswers.Missing(read.Status, oracle);
    }

    private async ValueTask<Decision> AskPooledAsync(ConnectionContext downstream, HostPort oracle, byte[] question, bool isForAdvice)
    {
        var started = time.GetTimestamp();
        var pool = pools.For(downstream);
        await pool.EnterAsync();
        if (pool.Take(oracle) is { } kept)
        {
            var reply = await kept.AskAsync(question, _limit);
            if (!reply.IsUnheard)
                return await ConcludeAsync(kept, reply, isForAdvice);
            // The Oracle has just closed it, because of its age or a restart.
            await kept.CloseAsync();
        }

        var connected = await ConnectAsync(downstream, oracle, started, pool);
        if (connected.Connection is null)
            return OracleAnswers.Unreached(connected.Failure!.Value, connected.Detail!);
        await pool.EnterAsync();
        var fresh = new OracleConnection(pool, oracle, connected.Connection);
        return await ConcludeAsync(fresh, await fresh.AskAsync(question, Left(started)), isForAdvice);
    }

    private async ValueTask<Decision> ConcludeAsync(OracleConnection connection, OracleReply reply, bool isForAdvice)
    {
        var decision = reply switch
        {
            { Status: ReadStatus.Complete } when isForAdvice => OracleAnswers.ReadAdvice(reply.Line!),
            { Status: ReadStatus.Complete } => _answers.Read(reply.Line!, OracleDialect.V1x),
            { SendError: { } error } => OracleAnswers.Unsent(connection.Oracle, error),
            _ => OracleAnswers.Missing(reply.Status, connection.Oracle),
        };
        var isUnderstood = reply.Status == ReadStatus.Complete && decision.Refusal is null or RelayEndReason.OracleDenied;
        if (!isUnderstood || !connection.TryKeep())
            await connection.CloseAsync();
        return decision;
    }

    private async ValueTask<ConnectOutcome> ConnectAsync(ConnectionContext downstream, HostPort oracle, long started, OraclePool? pool = null)
    {
        var resolved = await resolver.ResolveAsync(oracle, Left(started));
        if (resolved.Failure is { } failure)
            return new ConnectOutcome(null, failure, resolved.Detail);
        // A look-up ends on another thread, while the stages of the connection may go on.
        if (pool is not null)
            await pool.EnterAsync();
        var outcome = await connector.ConnectAsync(new ConnectRequest(downstream, resolved.Addresses, _limit, time.GetElapsedTime(started), UpstreamLimits.None));
        // Limits are for destinations: the Oracle's connections count for none.
        outcome.Use?.Dispose();
        return outcome;
    }

    private TimeSpan Left(long started)
    {
        var left = _limit - time.GetElapsedTime(started);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
