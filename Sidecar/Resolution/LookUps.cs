using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Resolution;

/// <summary>
/// Look-ups of one kind of names: one at a time for each name. All requests for the name share its answer, which is kept for a short
/// time. If the name service is silent or has a failure then, its last answer holds on. getaddrinfo gives no time to live and cannot
/// be interrupted: a look-up continues even if nobody waits for it any longer.
/// </summary>
/// <param name="time">The process's clock.</param>
/// <param name="lookUp">Asks the name service; blocks.</param>
/// <param name="places">The most at once; null if there are only few names.</param>
/// <param name="onHeldOn">Called when a last answer holds on, with the name and the failure; once until the name service answers again.</param>
/// <param name="threads">Starts a thread for each; left out for the default.</param>
internal sealed class LookUps(TimeProvider time, Func<string, IPAddress[]> lookUp, ClientPlaces? places, Action<string, string>? onHeldOn = null, TaskScheduler? threads = null)
{
    /// <summary>How long addresses are kept (Envoy's <c>dns_refresh_rate</c>).</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromSeconds(5);

    /// <summary>How long a failure is kept: short, so that a service that is just starting is found soon.</summary>
    public static readonly TimeSpan KeptFailure = TimeSpan.FromSeconds(1);

    /// <summary>How long a last answer holds on while the name service gives none (the least that RFC 8767 recommends for it).</summary>
    public static readonly TimeSpan HeldOn = TimeSpan.FromDays(1);

    /// <summary>
    /// How long a new look-up may take before the last answer is used. Shorter than the 1.8 s of RFC 8767, because the connection that
    /// waits has 2 s for its connect.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Most answers that are kept; the oldest is dropped first.</summary>
    public const int MaxKept = 1024;

    // A hostile name server could answer with hundreds; each would get its share of the connect timeout.
    private const int MaxAddresses = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private readonly Queue<Entry> _ended = new();

    /// <summary>Finds the addresses of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="client">The client that asks, if there are places.</param>
    /// <param name="cancel">Ends the waiting, not the look-up.</param>
    public async ValueTask<FoundAddresses> FindAsync(string name, IPAddress client, CancellationToken cancel)
    {
        if (LastAnswer(name, out var patience) is not { } last)
            return await AskAsync(name, client, cancel);
        if (patience <= TimeSpan.Zero)
            return last;
        using var limit = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            return await AskAsync(name, client, either.Token) is { IsUnanswered: false } found ? found : last;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return last;
        }
    }

    // Null if there is none, or a fresh one.
    private FoundAddresses? LastAnswer(string name, out TimeSpan patience)
    {
        lock (_lock)
        {
            patience = Patience;
            if (!_entries.TryGetValue(name, out var entry) || entry.Last is null)
                return null;
            if (entry.Ended is null)
                patience -= time.GetElapsedTime(entry.Started);
            var age = time.GetElapsedTime(entry.LastTime);
            return age >= Kept && age < HeldOn ? entry.Last : null;
        }
    }

    private async ValueTask<FoundAddresses> AskAsync(string name, IPAddress client, CancellationToken cancel)
    {
        if (TryFind(name, out var known))
            return await known.WaitAsync(cancel);
        var place = places is null ? null : await places.TakeAsync(client, cancel);
        return await FindOrStart(name, place).WaitAsync(cancel);
    }

    private bool TryFind(string name, [NotNullWhen(true)] out Task<FoundAddresses>? found)
    {
        lock (_lock)
            found = _entries.TryGetValue(name, out var entry) && !IsStale(entry) ? entry.Found.Task : null;
        return found is not null;
    }

    // While this request waited for its place, another one may have asked.
    private Task<FoundAddresses> FindOrStart(string name, ClientPlaces.Place? place)
    {
        Entry entry;
        lock (_lock)
        {
            if (_entries.TryGetValue(name, out var other) && !IsStale(other))
            {
                place?.Dispose();
                return other.Found.Task;
            }

            _entries[name] = entry = new Entry(name, time.GetTimestamp(), other);
        }

        try
        {
            // On a separate thread, because slow names must not take the threads of the pool.
            _ = Task.Factory.StartNew(() => End(entry, LookUp(name), place), CancellationToken.None, TaskCreationOptions.LongRunning, threads ?? TaskScheduler.Default);
        }
        catch (TaskSchedulerException error)
        {
            // No thread could be started: no memory, no descriptor, or too many tasks in the control group.
            End(entry, new FoundAddresses([], error.Message, IsUnanswered: true), place);
        }

        return entry.Found.Task;
    }

    private FoundAddresses LookUp(string name)
    {
        try
        {
            return new FoundAddresses([.. lookUp(name).Take(MaxAddresses)]);
        }
        catch (Exception error)
        {
            return new FoundAddresses([], error.Message, IsUnanswered: error is not SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData });
        }
    }

    private void End(Entry entry, FoundAddresses found, ClientPlaces.Place? place)
    {
        bool holdsOn;
        lock (_lock)
        {
            holdsOn = entry.End(found, time.GetTimestamp());
            _ended.Enqueue(entry);
            while (_ended.TryPeek(out var oldest) && (_ended.Count > MaxKept || time.GetElapsedTime(oldest.Ended!.Value) >= HeldOn))
                Forget(_ended.Dequeue());
        }

        if (holdsOn)
            onHeldOn?.Invoke(entry.Name, found.Error!);
        place?.Dispose();
        entry.Found.SetResult(found);
    }

    private void Forget(Entry entry)
    {
        if (_entries.TryGetValue(entry.Name, out var current) && current == entry)
            _entries.Remove(entry.Name);
    }

    private bool IsStale(Entry entry) => entry.Ended is { } ended && time.GetElapsedTime(ended) >= (entry.HasFailed ? KeptFailure : Kept);

    /// <summary>A look-up in progress, or its answer. The lock guards its changing parts.</summary>
    /// <param name="name">The name.</param>
    /// <param name="started">When it began, as a timestamp.</param>
    /// <param name="before">The look-up before it.</param>
    private sealed class Entry(string name, long started, Entry? before)
    {
        public string Name => name;

        public long Started => started;

        public TaskCompletionSource<FoundAddresses> Found { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Time of its end, as a timestamp; null while it is in progress.</summary>
        public long? Ended { get; private set; }

        /// <summary>Whether it found no address.</summary>
        public bool HasFailed { get; private set; }

        /// <summary>The last addresses, of this look-up or of one before it; null if there are none.</summary>
        public FoundAddresses? Last { get; private set; } = before?.Last;

        /// <summary>When they were found, as a timestamp.</summary>
        public long LastTime { get; private set; } = before?.LastTime ?? 0;

        private bool IsHoldingOn { get; set; } = before?.IsHoldingOn ?? false;

        /// <summary>Takes the answer.</summary>
        /// <returns>Whether the last answer holds on from now.</returns>
        public bool End(FoundAddresses found, long now)
        {
            (Ended, HasFailed) = (now, found.Addresses.Count == 0);
            if (!found.IsUnanswered)
                (Last, LastTime, IsHoldingOn) = (HasFailed ? null : found, now, false);
            var begins = found.IsUnanswered && Last is not null && !IsHoldingOn;
            IsHoldingOn |= begins;
            return begins;
        }
    }
}
