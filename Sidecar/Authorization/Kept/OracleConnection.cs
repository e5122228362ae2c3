using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Transport;

namespace Sidecar.Authorization.Kept;

/// <summary>
/// A connection to the Oracle for one question after another (dialect v1x). An answer is nobody's but the question's before
/// it: whatever leaves a doubt of that ends the connection. With event loops it belongs to its pool's loop.
/// </summary>
internal sealed class OracleConnection
{
    /// <summary>How long it is kept without a question: half as long as by the Oracle, so that the two seldom meet.</summary>
    public static readonly TimeSpan IdleLimit = OracleDialects.IdleLimit / 2;

    private static readonly MessageParser<string> ParseLine = WireLine.Parser(OracleDialect.V1x.MaxLineBytes());

    private readonly OraclePool _pool;
    private readonly ConnectionContext _connection;
    private readonly SilenceTimer _limit;
    private TimeSpan _askLimit;
    private long _asked;
    private bool _hasMore;

    /// <param name="pool">Where it is kept.</param>
    /// <param name="oracle">Who is at the other end.</param>
    /// <param name="connection">A fresh connection, dialled for the pool's loop.</param>
    public OracleConnection(OraclePool pool, HostPort oracle, ConnectionContext connection)
    {
        (_pool, Oracle, _connection) = (pool, oracle, connection);
        _limit = new SilenceTimer(pool.Clock, IdleLimit, OnLimit);
    }

    public HostPort Oracle { get; }

    /// <summary>Whether it was closed by the Oracle, or has bytes that no question asked for.</summary>
    public bool HasNews => _connection.RawSocket()!.HasNews;

    // Told by the clock: of two threads the one that ends an idle connection may come just too late.
    private bool IsOverdue => _pool.Clock.GetElapsedTime(_asked) >= _askLimit;

    /// <summary>Asks, and waits for the answer until the limit, which ends the connection.</summary>
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

    /// <summary>Hands it back for the next question, if nothing came behind the answer and there is room.</summary>
    public bool TryKeep()
    {
        if (_hasMore)
            return false;
        _limit.Restart(IdleLimit);
        return _pool.TryAdd(this);
    }

    /// <summary>Closes it. Any thread may call it.</summary>
    public async Task CloseAsync()
    {
        // The timer is the loop's.
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

        // Waiting for an answer: the one that comes late must find no connection.
        _connection.Abort();
    }
}
