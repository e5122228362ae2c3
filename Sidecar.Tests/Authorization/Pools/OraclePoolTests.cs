using System.Net;
using System.Net.Sockets;
using System.Text;
using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Authorization.Pools;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Sidecar.Transport.Sockets;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Authorization.Pools;

/// <summary>What is kept, for how long, and which connection is handed out; on a clock of the test's own.</summary>
public sealed class OraclePoolTests : IDisposable
{
    private static readonly byte[] Question = Encoding.ASCII.GetBytes("ask\n");
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private readonly LoopbackListener _oracle = new();
    private readonly ManualTimeProvider _time = new();
    private readonly OraclePools _pools;
    private readonly OraclePool _pool;

    public OraclePoolTests()
    {
        _pools = new OraclePools(Stage.Options() with { Transport = TransportKind.Sockets, Loops = 2 }, _time);
        _pool = _pools.For(new MemoryConnection());
    }

    private HostPort Address => new("127.0.0.1", _oracle.Port);

    public void Dispose() => _oracle.Dispose();

    [Fact]
    public async Task IdleConnection_IsClosedAfterThirtySecondsWithoutAQuestion()
    {
        var (connection, asked) = await KeepAsync();
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Same(connection, _pool.Take(Address));
        await AskAsync(connection, asked);
        Assert.True(connection.TryKeep());

        _time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.Equal(1, _pools.Count);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(0, _pools.Count);
        Assert.Empty(await asked.ReadToEndAsync());
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public async Task Ask_WithoutAnAnswerInTime_TimesOutAndEndsTheConnection()
    {
        var (connection, asked) = await DialAsync();
        var asking = connection.AskAsync(Question, Limit);
        await asked.ReadLineAsync();
        await asked.SendAsync("ok");
        _time.Advance(Limit - TimeSpan.FromMilliseconds(1));
        Assert.False(asking.IsCompleted);

        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(ReadStatus.TimedOut, (await asking).Status);
        await asked.IsResetAsync();
        await connection.CloseAsync();
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public async Task Take_HandsOutTheOneUsedLastOfTheRightOracle()
    {
        using var other = new LoopbackListener();
        var (first, _) = await KeepAsync();
        var (second, _) = await KeepAsync();
        var (elsewhere, _) = await KeepAsync(other);

        Assert.Same(second, _pool.Take(Address));
        Assert.Same(first, _pool.Take(Address));
        Assert.Null(_pool.Take(Address));
        Assert.Same(elsewhere, _pool.Take(new HostPort("127.0.0.1", other.Port)));
    }

    [Theory]
    [InlineData("bytes")]
    [InlineData("end")]
    [InlineData("reset")]
    public async Task Take_PassesOverThoseThatHaveNews(string news)
    {
        var (quiet, _) = await KeepAsync();
        var (_, asked) = await KeepAsync();
        if (news == "bytes")
            await asked.SendAsync("x");
        else if (news == "end")
            asked.Finish();
        else
            asked.Reset();

        Assert.Same(quiet, _pool.Take(Address));
        Assert.Equal(0, _pools.Count);
    }

    [Fact]
    public async Task TryKeep_BeyondWhatIsKept_IsRefusedForThatOracleAlone()
    {
        using var other = new LoopbackListener();
        for (var i = 0; i < _pools.IdlePerPool; i++)
            await KeepAsync();
        var (another, asked) = await DialAsync();
        await AskAsync(another, asked);

        Assert.False(another.TryKeep());
        await KeepAsync(other);
        Assert.Equal(_pools.IdlePerPool + 1, _pools.Count);
    }

    [Fact]
    public async Task Close_EndsWhatIsKeptAndKeepsNothingAnyMore()
    {
        var (_, kept) = await KeepAsync();
        var (busy, asked) = await DialAsync();
        await AskAsync(busy, asked);

        await _pools.CloseAsync();

        Assert.Empty(await kept.ReadToEndAsync());
        Assert.False(busy.TryKeep());
        await busy.CloseAsync();
        Assert.Empty(await asked.ReadToEndAsync());
        Assert.Equal((0, 0), (_pools.Count, _time.ActiveTimers));
    }

    [Theory]
    [InlineData(1, 32)]
    [InlineData(2, 32)]
    [InlineData(8, 8)]
    [InlineData(16, 4)]
    [InlineData(256, 1)]
    public void IdlePerPool_WithMoreLoops_IsAShareOfAllThatAreKept(int loops, int expected) =>
        Assert.Equal(expected, new OraclePools(Stage.Options() with { Loops = loops }, _time).IdlePerPool);

    private async Task<(OracleConnection Connection, Socket Asked)> KeepAsync(LoopbackListener? oracle = null)
    {
        var (connection, asked) = await DialAsync(oracle);
        await AskAsync(connection, asked);
        Assert.True(connection.TryKeep());
        return (connection, asked);
    }

    private async Task<(OracleConnection Connection, Socket Asked)> DialAsync(LoopbackListener? oracle = null)
    {
        var port = (oracle ?? _oracle).Port;
        var dialed = await new SocketDialer(new TcpOptions(), TimeProvider.System).DialAsync(
            new MemoryConnection(), new IPEndPoint(IPAddress.Loopback, port), source: null, SocketTalk.Limit);
        return (new OracleConnection(_pool, new HostPort("127.0.0.1", port), dialed.Connection!), await (oracle ?? _oracle).AcceptAsync());
    }

    private static async Task AskAsync(OracleConnection connection, Socket asked)
    {
        var asking = connection.AskAsync(Question, Limit);
        await asked.ReadLineAsync();
        await asked.SendAsync("deny\n");
        Assert.Equal("deny", (await asking).Line);
    }
}
