using Demo.Verification;
using Testing;

namespace Sidecar.Tests.Pods;

/// <summary>Plays the whole video again and again, and compares each file with what the storage has.</summary>
internal sealed class Viewer : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private int _rounds;

    /// <summary>Begins.</summary>
    /// <param name="frontend">The frontend's root.</param>
    /// <param name="service">The service's root, as the frontend calls it.</param>
    /// <param name="web">Fetches both.</param>
    public Viewer(Uri frontend, Uri service, HttpFetcher web) => _watching = Task.Run(() => WatchAsync(frontend, service, web));

    /// <summary>What was wrong.</summary>
    public Findings Findings { get; } = new();

    /// <summary>How often the video was played to its end.</summary>
    public int Rounds => Volatile.Read(ref _rounds);

    /// <summary>When it began.</summary>
    public DateTimeOffset Began { get; } = TimeProvider.System.GetUtcNow();

    /// <summary>Ends it after the round of the moment.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(Uri frontend, Uri service, HttpFetcher web)
    {
        var playback = new Playback(frontend, service, Repository.Clips, web, Findings);
        while (!_stop.IsCancellationRequested)
        {
            await playback.PlayAsync(CancellationToken.None);
            Interlocked.Increment(ref _rounds);
            await Task.Delay(Pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
