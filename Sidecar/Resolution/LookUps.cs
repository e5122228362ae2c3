using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Sidecar.Resolution;

/// <summary>
/// Look-ups of one kind of names: one at a time for each name. All requests for the name share its answer, which is kept for a short
/// time. getaddrinfo gives no time to live and cannot be interrupted: a look-up continues even if nobody waits for it any longer.
/// </summary>
/// <param name="time">The process's clock.</param>
/// <param name="lookUp">Asks the name service; blocks.</param>
/// <param name="places">The most at once; null if there are only few names.</param>
/// <param name="threads">Starts a thread for each; left out for the default.</param>
internal sealed class LookUps(TimeProvider time, Func<string, IPAddress[]> lookUp, ClientPlaces? places, TaskScheduler? threads = null)
{
    /// <summary>How long addresses are kept (Envoy's <c>dns_refresh_rate</c>).</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromSeconds(5);

    /// <summary>How long a failure is kept: short, so that a service that is just starting is found soon.</summary>
    public static readonly TimeSpan KeptFailure = TimeSpan.FromSeconds(1);

    /// <summary>Most answers that are kept; the oldest is dropped first.</summary>
    public const int MaxKept = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private readonly Queue<Entry> _ended = new();

    /// <summary>Finds the addresses of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="client">The client that asks, if there are places.</param>
    /// <param name="cancel">Ends the waiting, not the look-up.</param>
    public async ValueTask<FoundAddresses> FindAsync(string name, IPAddress client, CancellationToken cancel)
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

            _entries[name] = entry = new Entry(name);
        }

        try
        {
            // On a separate thread, because slow names must not take the threads of the pool.
            _ = Task.Factory.StartNew(() => End(entry, LookUp(name), place), CancellationToken.None, TaskCreationOptions.LongRunning, threads ?? TaskScheduler.Default);
        }
        catch (TaskSchedulerException error)
        {
            // No thread could be started: no memory, no descriptor, or too many tasks in the control group.
            End(entry, new FoundAddresses([], error.Message), place);
        }

        return entry.Found.Task;
    }

    private FoundAddresses LookUp(string name)
    {
        try
        {
            return new FoundAddresses(lookUp(name));
        }
        catch (Exception error)
        {
            return new FoundAddresses([], error.Message);
        }
    }

    private void End(Entry entry, FoundAddresses found, ClientPlaces.Place? place)
    {
        lock (_lock)
        {
            entry.Ended = time.GetTimestamp();
            entry.Lasts = found.Addresses.Count > 0 ? Kept : KeptFailure;
            _ended.Enqueue(entry);
            while (_ended.TryPeek(out var oldest) && (_ended.Count > MaxKept || IsStale(oldest)))
                Forget(_ended.Dequeue());
        }

        place?.Dispose();
        entry.Found.SetResult(found);
    }

    private void Forget(Entry entry)
    {
        if (_entries.TryGetValue(entry.Name, out var current) && current == entry)
            _entries.Remove(entry.Name);
    }

    private bool IsStale(Entry entry) => entry.Ended is { } ended && time.GetElapsedTime(ended) >= entry.Lasts;

    /// <summary>A look-up in progress, or its answer. The lock guards its changing parts.</summary>
    private sealed class Entry(string name)
    {
        public string Name => name;

        public TaskCompletionSource<FoundAddresses> Found { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Time of its end, as a timestamp; null while it is in progress.</summary>
        public long? Ended { get; set; }

        public TimeSpan Lasts { get; set; }
    }
}
