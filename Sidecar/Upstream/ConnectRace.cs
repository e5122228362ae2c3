using System.Net;

namespace Sidecar.Upstream;

/// <summary>
/// One round of attempts on several addresses (RFC 8305). The next attempt begins a moment after the previous one, or as soon as one has
/// failed; earlier attempts continue. The first connection is used, and the others are closed. If there is no place for one more
/// attempt, the oldest ends.
/// </summary>
/// <param name="dial">Makes one attempt.</param>
/// <param name="places">For overlapping attempts.</param>
/// <param name="delay">Time between the starts of two attempts.</param>
/// <param name="time">The clock of the delay.</param>
internal sealed class ConnectRace(Func<IPEndPoint, CancellationToken, ValueTask<ConnectOutcome>> dial, AttemptPlaces places, TimeSpan delay, TimeProvider time)
{
    // In the order in which they began.
    private readonly List<Attempt> _running = [];

    /// <summary>
    /// The addresses in the order of attempts: those that failed lately last; among each of the two kinds address families in turn, starting
    /// with that of the first address (RFC 8305, section 4).
    /// </summary>
    public static IReadOnlyList<IPEndPoint> Order(IReadOnlyList<IPEndPoint> addresses, Func<IPEndPoint, bool> hasFailedLately)
    {
        var kinds = addresses.ToLookup(hasFailedLately);
        return [.. Interleave([.. kinds[false]]), .. Interleave([.. kinds[true]])];
    }

    private static IReadOnlyList<IPEndPoint> Interleave(IReadOnlyList<IPEndPoint> addresses)
    {
        if (addresses.Count < 2)
            return addresses;
        var first = addresses.Where(a => a.AddressFamily == addresses[0].AddressFamily).ToList();
        var second = addresses.Where(a => a.AddressFamily != addresses[0].AddressFamily).ToList();
        var both = Math.Min(first.Count, second.Count);
        return [.. first.Zip(second).SelectMany(pair => new[] { pair.First, pair.Second }), .. first.Skip(both), .. second.Skip(both)];
    }

    /// <summary>The connection, or how the last attempt failed; a refusal counts only if nothing was attempted.</summary>
    /// <param name="addresses">At least one, in their order.</param>
    public async ValueTask<ConnectOutcome> RunAsync(IReadOnlyList<IPEndPoint> addresses)
    {
        var waiting = new Queue<IPEndPoint>(addresses);
        ConnectOutcome? last = null;
        try
        {
            while (waiting.Count > 0 || _running.Count > 0)
            {
                if (waiting.Count > 0)
                    await StartAsync(waiting.Dequeue());
                await WaitAsync(hasMore: waiting.Count > 0);
                if (TakeEnded() is not { } ended)
                    continue;
                var outcome = await ended.Outcome;
                if (outcome.Connection is not null)
                    return outcome;
                last = outcome.IsRefused ? last ?? outcome : outcome;
            }

            return last!.Value;
        }
        finally
        {
            var losers = _running.ToArray();
            _running.Clear();
            await Task.WhenAll(losers.Select(GiveUpAsync));
        }
    }

    private async ValueTask StartAsync(IPEndPoint address)
    {
        var isExtra = _running.Count > 0 && places.TryTake();
        // An attempt that has ended uses no descriptor any more, and may have succeeded.
        if (!isExtra && _running.Find(a => !a.Outcome.IsCompleted) is { } oldest)
        {
            isExtra = oldest.TakeOver();
            _running.Remove(oldest);
            await GiveUpAsync(oldest);
        }

        var cancel = new CancellationTokenSource();
        _running.Add(new Attempt(DialAsync(address, cancel.Token), cancel) { IsExtra = isExtra });
    }

    // A dialer that throws at once counts like one that throws later: its attempt fails.
    private async Task<ConnectOutcome> DialAsync(IPEndPoint address, CancellationToken cancel) => await dial(address, cancel);

    private async ValueTask WaitAsync(bool hasMore)
    {
        var ended = Task.WhenAny(_running.Select(a => a.Outcome));
        if (hasMore)
            await ((Task)ended).WaitAsync(delay, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        else
            await ended;
    }

    // A successful attempt before a failed one.
    private Attempt? TakeEnded()
    {
        var ended = _running.Find(a => a.Outcome is { IsCompletedSuccessfully: true, Result.Connection: not null }) ?? _running.Find(a => a.Outcome.IsCompleted);
        if (ended is null)
            return null;
        _running.Remove(ended);
        Leave(ended);
        return ended;
    }

    private async Task GiveUpAsync(Attempt attempt)
    {
        await attempt.Cancel.CancelAsync();
        // The error of an attempt that nobody waits for does not matter.
        await ((Task)attempt.Outcome).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Leave(attempt);
        if (attempt.Outcome is { IsCompletedSuccessfully: true, Result.Connection: { } connection })
        {
            await connection.DisposeAsync();
            attempt.Outcome.Result.Use?.Dispose();
        }
    }

    private void Leave(Attempt attempt)
    {
        attempt.Cancel.Dispose();
        if (attempt.TakeOver())
            places.Release();
    }

    /// <summary>One attempt in progress.</summary>
    private sealed class Attempt(Task<ConnectOutcome> outcome, CancellationTokenSource cancel)
    {
        public Task<ConnectOutcome> Outcome => outcome;

        public CancellationTokenSource Cancel => cancel;

        /// <summary>Whether it has one of the places.</summary>
        public bool IsExtra { get; set; }

        /// <summary>Takes its place from it, if it has one.</summary>
        public bool TakeOver()
        {
            var had = IsExtra;
            IsExtra = false;
            return had;
        }
    }
}
