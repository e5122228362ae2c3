using Sidecar.Connections;
using Sidecar.Observation.Memory;
using Xunit;

namespace Sidecar.Tests.Observation.Memory;

public sealed class ObservationMemoryTests : IDisposable
{
    private const long Limit = 1024 * 1024;

    private readonly ObservationMemory _memory = new(Limit);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Used_OfSmallPieces_IsWhatWasTaken()
    {
        var account = _memory.Open(isOfOneThread: true);
        account.Take(300);
        Assert.True(account.TryTake(50));
        Assert.Equal(350, _memory.Used);
        account.Give(50);
        Assert.Equal(300, _memory.Used);
        account.Close();
        account.Close();
        Assert.Equal(0, _memory.Used);
    }

    [Fact]
    public void Account_MayKeepMoreOfWhatHasSentMore()
    {
        var account = _memory.Open();
        Assert.True(account.TryTake(MemoryAccount.Starting));
        Assert.False(account.TryTake(1));
        account.Earn(2);
        Assert.True(account.TryTake(2 * MemoryAccount.PerByte));
        Assert.False(account.TryTake(1));
        // What only joins pieces leaves room for the rest.
        account.TakeBeside(5000);
        account.Earn(1);
        Assert.True(account.TryTake(MemoryAccount.PerByte));
        account.GiveBeside(5000);
        Assert.False(account.TryTake(1));
    }

    [Fact]
    public void Want_OfMemory_EndsTheObservationThatHoldsMost_OnItsOwnThread()
    {
        var idle = new WatchedConnection(memory: _memory).Client("GET /idle HTTP/1.1\r\n\r\n");
        var greedy = new WatchedConnection(memory: _memory);
        for (var i = 0; i < 10; i++)
            greedy.Client($"GET /{new string('g', 60_000)} HTTP/1.1\r\n\r\n");
        var late = new WatchedConnection(memory: _memory);
        for (var i = 0; i < 6; i++)
            late.Client($"GET /late HTTP/1.1\r\nA: {new string('l', 60_000)}\r\n\r\n");

        Assert.InRange(_memory.HeadsCut, 1, 6);
        Assert.DoesNotContain(greedy.Told, line => line.StartsWith("unobservable", StringComparison.Ordinal));
        greedy.RunsPosted();
        Assert.StartsWith("unobservable: Memory, no memory is left of the 1048576 bytes", greedy.Told[^1]);
        Assert.Equal(1, _memory.Ended);

        // There is room again, and nobody else was asked.
        late.RunsPosted().Client("GET /after HTTP/1.1\r\n\r\n");
        for (var i = 0; i < 7; i++)
            late.Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal("GET /after 200 Completed", late.Told[^1]);
        idle.RunsPosted().Server("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.Equal(["GET /idle 204 Completed"], idle.Told);
    }

    [Fact]
    public void Memory_ThatNobodyLetsGo_EndsTheObservationThatNeedsMore()
    {
        var hoarder = _memory.Open();
        hoarder.Take((int)Limit - 4096);
        var late = new WatchedConnection(memory: _memory).Client(string.Concat(Enumerable.Repeat("GET / HTTP/1.1\r\n\r\n", 1000)));
        Assert.StartsWith("unobservable: Memory", late.Told[^1]);
        Assert.InRange(_memory.Used, 0, Limit);
        late.Closes(RelayEndReason.Completed);
        Assert.Equal(hoarder.Held, _memory.Used);
    }

    [Fact]
    public void Shares_OfManyThreads_LoseNothing()
    {
        const int threads = 4;
        var common = _memory.Open();
        var running = Enumerable.Range(0, threads).Select(seed => new Thread(() =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 200; i++)
            {
                var own = _memory.Open(isOfOneThread: true);
                var other = _memory.Open();
                for (var j = 0; j < 100; j++)
                {
                    own.Take(random.Next(2000));
                    other.Take(random.Next(2000));
                    own.Give((int)Math.Min(own.Held, random.Next(2000)));
                }

                own.Close();
                other.Close();
            }
        })).ToList();
        running.ForEach(thread => thread.Start());
        running.ForEach(thread => thread.Join());
        Assert.Equal(0, _memory.Used);
        common.Close();
    }
}
