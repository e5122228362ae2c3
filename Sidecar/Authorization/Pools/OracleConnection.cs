using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Transport;

namespace Sidecar.Authorization.Pools;

/// <summary>
/// A connection to the Oracle for one question after another (dialect v1x). An answer belongs to the question before it. If there
/// is any doubt to which question an answer belongs, the connection ends. With event loops it belongs to its pool's loop.
/// </summary>
internal sealed class OracleConnection
{
    /// <summary>
    /// How long it is kept without a question: half as long as the Oracle keeps it, so that both rarely close it at once.
    /// </summary>
    public static readonly TimeSpan IdleLimit = OracleDialects.IdleLimit / 2;

    private static readonly MessageParser<string> ParseLine = WireLine.Parser(OracleDialect.V1x.MaxLineBytes());

    private readonly OraclePool _pool;
    private readonly ConnectionContext _connection;
    private readonly IdleTimer _limit;
    private TimeSpan _askLimit;
    private long _asked;
    private bool _hasMore;

    /// <param name="pool">The pool that keeps it.</param>
    /// <param name="oracle">The Oracle's address.</param>
    /// <param name="connection">A fresh connection, opened for the pool's loop.</param>
    public OracleConnection(OraclePool pool, HostPort oracle, ConnectionContext connection)
    {
        (_pool, Oracle, _connection) = (pool, oracle, connection);
        _limit = new IdleTimer(pool.Clock, IdleLimit, OnLimit);
    }

    public HostPort Oracle { get; }

    /// <summary>Whether the Oracle has closed it, or it has bytes that no question asked for.</summary>
    public bool HasNews => _connection.RawSocket()!.HasNews;

    // By the clock, because the timer on another thread can come just too late.
    private bool IsOverdue => _pool.Clock.GetElapsedTime(_asked) >= _askLimit;

    /// <summary>Asks, and waits for the answer up to the limit, which ends the connection.</summary>
    public async ValueTask<OracleReply> AskAsync(byte[] question, TimeSpan limit)
    {
        (_asked, _askLimit) = (_pool.Clock.GetTimestamp(), limit);
        _limit.Restart(limit);
        try
        {
            await _connection.Transport.Output.WriteAsync(question);
        }
        catch (Exception error) when (IsEnd(error))
        {
            return IsOverdue ? new(ReadStatus.TimedOut) : new(ReadStatus.Reset, SendError: error.Message);
        }

        return await ReadAnswerAsync();
    }

    /// <summary>Returns it to the pool for the next question, if no bytes came after the answer and the pool has room.</summary>
    public bool TryKeep()
    {
        if (_hasMore)
            return false;
        _limit.Restart(IdleLimit);
        return _pool.TryAdd(this);
    }

    /// <summary>Closes it. Any thread can call it.</summary>
    public async Task CloseAsync()
    {
        // The timer belongs to the loop.
        await _pool.EnterAsync();
        _limit.Stop();
        await _connection.DisposeAsync();
    }

    private static bool IsEnd(Exception error) => error is IOException or OperationCanceledException or ObjectDisposedException;

    private async ValueTask<OracleReply> ReadAnswerAsync()
    {
        var input = _connection.Transport.Input;
        var hasBegun = false;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync();
                hasBegun |= read.Buffer.Length > 0;
                var status = ParseLine(read.Buffer, out var end, out var line);
                if (status == ReadStatus.Complete)
                {
                    _hasMore = read.IsCompleted || !read.Buffer.Slice(end).IsEmpty;
                    input.AdvanceTo(end);
                    return new(status, line, hasBegun);
                }

                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (status != ReadStatus.Incomplete)
                    return new(status, HasBegun: hasBegun);
                if (read.IsCompleted)
                    return new(ReadStatus.Closed, HasBegun: hasBegun);
            }
        }
        catch (Exception error) when (IsEnd(error))
        {
            return new(IsOverdue ? ReadStatus.TimedOut : ReadStatus.Reset, HasBegun: hasBegun);
        }
    }

    private void OnLimit()
    {
        if (_pool.TryRemove(this))
        {
            _ = CloseAsync();
            return;
        }

        // A question waits for its answer: a late answer must find no connection.
        _connection.Abort();
    }
}
