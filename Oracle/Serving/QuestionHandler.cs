using System.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Decisions;
using Oracle.Protocol;
using Oracle.Telemetry;

namespace Oracle.Serving;

/// <summary>
/// Speaks wire protocol v1: one question in, one answer out, end of the connection. What is no question gets no answer,
/// only the end, which is a denial.
/// </summary>
internal sealed class QuestionHandler(
    Arbiter arbiter, AuditLog audit, OracleMetrics metrics, ConnectionLimit limit, TimeProvider time, IHostApplicationLifetime lifetime)
    : ConnectionHandler
{
    private static readonly MessageParser<string> ParseLine = WireLine.Parser(WireLine.MaxOracleBytes);

    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        if (!limit.TryEnter())
        {
            metrics.ConnectionRefused();
            connection.Abort(new ConnectionAbortedException("too many connections"));
            return;
        }

        metrics.ConnectionOpened();
        try
        {
            await ServeAsync(connection);
        }
        finally
        {
            // Room first: whoever reads that a connection ended may open the next.
            limit.Leave();
            metrics.ConnectionClosed();
        }
    }

    private async Task ServeAsync(ConnectionContext connection)
    {
        var stopping = lifetime.ApplicationStopping;
        var read = await connection.Transport.Input.ReadMessageAsync(ParseLine, WireLine.Wait, time, stopping);
        var received = time.GetTimestamp();
        if (read.Status != ReadStatus.Complete)
        {
            await ReportAsync(null, Unread(read.Status, stopping), connection.RemoteEndPoint);
            return;
        }

        if (!OracleQuestion.TryParse(read.Message!, out var question))
        {
            await ReportAsync(null, Decision.Unheard(DenialReason.Malformed), connection.RemoteEndPoint);
            return;
        }

        var decision = arbiter.Decide(question);
        if (!await ReportAsync(question, decision, connection.RemoteEndPoint))
            return;
        await connection.Transport.Output.WriteAsync(WireLine.Encode(decision.Answer.ToLine(question.Dialect) ?? OracleAnswer.Denied.ToString()), CancellationToken.None);
        metrics.Answered(time.GetElapsedTime(received));
    }

    private ValueTask<bool> ReportAsync(OracleQuestion? question, Decision decision, EndPoint? asker)
    {
        metrics.QuestionDecided(question?.Role, decision.Reason);
        return audit.WriteAsync(AuditRecord.Of(question, decision, asker, time.GetUtcNow()));
    }

    private static Decision Unread(ReadStatus status, CancellationToken stopping) => Decision.Unheard(status switch
    {
        ReadStatus.TooLong => DenialReason.TooLong,
        ReadStatus.TimedOut => DenialReason.Timeout,
        ReadStatus.Closed => DenialReason.Closed,
        ReadStatus.Reset => stopping.IsCancellationRequested ? DenialReason.Draining : DenialReason.Reset,
        _ => DenialReason.Malformed,
    });
}
