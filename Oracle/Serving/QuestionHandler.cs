using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Decisions;
using Oracle.Protocol;
using Oracle.Telemetry;

namespace Oracle.Serving;

/// <summary>
/// Speaks both dialects; the first word of a question tells them apart. v1: one question, one answer, end of the connection.
/// v1x: one question after the other, each answered before the next is read, until the asker has no more.
/// Input that is not a question gets no answer: the connection ends, which is a denial.
/// </summary>
internal sealed class QuestionHandler(
    Arbiter arbiter, AuditLog audit, OracleMetrics metrics, ConnectionPlaces places, TimeProvider time, IHostApplicationLifetime lifetime)
    : ConnectionHandler
{
    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var displacement = new Displacement(connection, metrics);
        if (places.Enter(connection.RemoteEndPoint, displacement.Begin) is not { } place)
        {
            metrics.ConnectionRefused();
            connection.Abort(new ConnectionAbortedException("too many connections"));
            return;
        }

        metrics.ConnectionOpened();
        try
        {
            await ServeAsync(connection, place, displacement);
        }
        finally
        {
            // Frees the place first: a client that sees the end of its connection can open the next one.
            place.Dispose();
            metrics.ConnectionClosed();
        }
    }

    private async Task ServeAsync(ConnectionContext connection, ConnectionPlace place, Displacement displacement)
    {
        var asker = NetworkAddress.Sharer(((IPEndPoint)connection.RemoteEndPoint!).Address);
        var (input, stopping) = (connection.Transport.Input, lifetime.ApplicationStopping);
        var more = false;
        do
        {
            var read = await input.ReadMessageAsync<string>(OracleDialects.ParseQuestionLine, WireLine.Wait, time, stopping);
            if (read.Status != ReadStatus.Complete)
            {
                await ReportAsync(null, displacement.HasBegun ? Decision.Unheard(DenialReason.Displaced) : Unread(read.Status, stopping), connection.RemoteEndPoint);
                return;
            }

            // After its first question in v1x, an asker must stay with v1x.
            if (!OracleQuestion.TryParse(read.Message!, out var question) || (more && question.Dialect == OracleDialect.V1))
            {
                await ReportAsync(null, Decision.Unheard(DenialReason.Malformed), connection.RemoteEndPoint);
                return;
            }

            place.BeginService();
            var isAnswered = await AnswerAsync(connection, question, asker);
            place.EndService();
            more = isAnswered && question.Dialect == OracleDialect.V1x
                // Between two questions any end of the connection is in order, because no question is left unanswered.
                && await input.WaitForMessageAsync(OracleDialects.IdleLimit, time, stopping) == ReadStatus.Complete;
        }
        while (more);
    }

    /// <returns>Whether the kernel has the answer, and the asker can ask again.</returns>
    private async Task<bool> AnswerAsync(ConnectionContext connection, OracleQuestion question, IPAddress asker)
    {
        var received = time.GetTimestamp();
        var decision = arbiter.Decide(question, asker);
        if (!await ReportAsync(question, decision, connection.RemoteEndPoint))
            return false;
        // Without the limit, an asker that asks on without reading would keep its place for ever.
        using var timeout = new CancellationTokenSource(WireLine.Wait, time);
        try
        {
            var line = decision.Answer.ToLine(question.Dialect)!;
            var flushed = await connection.Transport.Output.WriteAsync(WireLine.Encode(line), timeout.Token);
            metrics.Answered(time.GetElapsedTime(received));
            return !flushed.IsCompleted;
        }
        catch (OperationCanceledException)
        {
            connection.Abort(new ConnectionAbortedException("the asker does not read its answers"));
            return false;
        }
    }

    private ValueTask<bool> ReportAsync(OracleQuestion? question, Decision decision, EndPoint? asker)
    {
        metrics.QuestionDecided(question?.Role, decision);
        return audit.WriteAsync(question, decision, asker, time.GetUtcNow());
    }

    private static Decision Unread(ReadStatus status, CancellationToken stopping) => Decision.Unheard(status switch
    {
        ReadStatus.TooLong => DenialReason.TooLong,
        ReadStatus.TimedOut => DenialReason.Timeout,
        ReadStatus.Closed => DenialReason.Closed,
        ReadStatus.Reset => stopping.IsCancellationRequested ? DenialReason.Draining : DenialReason.Reset,
        _ => DenialReason.Malformed,
    });

    // Ends a connection that loses its place to another.
    private sealed class Displacement(ConnectionContext connection, OracleMetrics metrics)
    {
        private volatile bool _hasBegun;

        public bool HasBegun => _hasBegun;

        public void Begin()
        {
            _hasBegun = true;
            metrics.ConnectionDisplaced();
            connection.Abort(new ConnectionAbortedException("another connection needs the place"));
        }
    }
}
