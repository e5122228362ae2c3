using Testing;
using VideoApi.Hosting;
using Xunit;

namespace Workload.Tests.VideoApi.Hosting;

public class TimedCacheTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private readonly ManualTimeProvider _clock = new();
    private int _loads;

    [Fact]
    public async Task Get_WithinLifetime_LoadsOnce()
    {
        var cache = new TimedCache<int>(Lifetime, () => Task.FromResult(++_loads), _clock);

        Assert.Equal(1, await cache.GetAsync(TestContext.Current.CancellationToken));
        _clock.Advance(Lifetime - TimeSpan.FromTicks(1));
        Assert.Equal(1, await cache.GetAsync(TestContext.Current.CancellationToken));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(2, await cache.GetAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Get_ManyDuringALoad_ShareIt()
    {
        var loaded = new TaskCompletionSource<int>();
        var cache = new TimedCache<int>(Lifetime, () => { Interlocked.Increment(ref _loads); return loaded.Task; }, _clock);

        var waiting = Enumerable.Range(0, 20).Select(_ => cache.GetAsync(TestContext.Current.CancellationToken)).ToList();
        // Even one that takes longer than the lifetime.
        _clock.Advance(Lifetime * 2);
        waiting.Add(cache.GetAsync(TestContext.Current.CancellationToken));
        loaded.SetResult(7);

        Assert.All(await Task.WhenAll(waiting), value => Assert.Equal(7, value));
        Assert.Equal(1, _loads);
    }

    [Fact]
    public async Task Get_AfterAFailure_LoadsAgain()
    {
        var cache = new TimedCache<int>(Lifetime, () => ++_loads == 1 ? throw new IOException("away") : Task.FromResult(_loads), _clock);

        await Assert.ThrowsAsync<IOException>(() => cache.GetAsync(TestContext.Current.CancellationToken));
        Assert.Equal(2, await cache.GetAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Get_OneWaiterGivesUp_TheLoadGoesOnForTheOthers()
    {
        var loaded = new TaskCompletionSource<int>();
        var cache = new TimedCache<int>(Lifetime, () => loaded.Task, _clock);
        using var cancellation = new CancellationTokenSource();

        var quits = cache.GetAsync(cancellation.Token);
        var stays = cache.GetAsync(TestContext.Current.CancellationToken);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => quits);
        loaded.SetResult(3);

        Assert.Equal(3, await stays);
    }
}
