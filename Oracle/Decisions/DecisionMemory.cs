using System.Net;
using System.Runtime.InteropServices;
using Oracle.Protocol;

namespace Oracle.Decisions;

/// <summary>
/// Remembers p2's decision on each connection for p1, which asks second. An id stays for 30 s, so that a third question is recognized.
/// The room is shared by the asker's address: each address can have as many ids as are still free. So a single address gets half of
/// the room, and there is always some for the next one. No id is removed before its time. Thread-safe.
/// </summary>
internal sealed class DecisionMemory : IDisposable
{
    /// <summary>How long an id is remembered after p2's question.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    // Most ids that are forgotten at once under the lock: other askers wait some 10 microseconds for this.
    private const int SweepBatch = 64;
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<ConnectionId, Entry> _entries = [];
    // All entries live equally long, so the oldest one ends first.
    private readonly Queue<Entry> _byAge = new();
    private readonly Dictionary<IPAddress, int> _held = [];
    private readonly TimeProvider _time;
    private readonly int _capacity;
    private readonly ITimer _sweeping;
    private int _pending;
    private long _expired;

    /// <summary>Creates an empty memory for at most <paramref name="capacity"/> ids.</summary>
    public DecisionMemory(int capacity, TimeProvider time)
    {
        _capacity = capacity;
        _time = time;
        _sweeping = time.CreateTimer(_ => SweepAll(), null, SweepInterval, SweepInterval);
    }

    /// <summary>Decisions that wait for p1.</summary>
    public int Pending
    {
        get
        {
            lock (_lock)
                return _pending;
        }
    }

    /// <summary>Ids remembered: of pending decisions, and of those that both sides have.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>Decisions so far for which p1 never asked.</summary>
    public long Expired => Interlocked.Read(ref _expired);

    /// <summary>p2 asks: opened, repeated or full.</summary>
    /// <param name="id">The connection.</param>
    /// <param name="asker">The address that the question came from, in canonical form.</param>
    /// <param name="opening">The decision for p1 to find.</param>
    public Recall Open(ConnectionId id, IPAddress asker, PairOpening opening)
    {
        lock (_lock)
        {
            Sweep();
            if (_entries.TryGetValue(id, out var entry))
            {
                if (!HasExpired(entry))
                    return Recall.Repeated;
                Forget(entry);
            }

            var held = _held.GetValueOrDefault(asker);
            if (held >= _capacity - _entries.Count)
                return Recall.Full;
            _held[asker] = held + 1;
            entry = new Entry(id, asker, _time.GetTimestamp()) { Waiting = opening };
            _entries.Add(id, entry);
            _byAge.Enqueue(entry);
            _pending++;
            return Recall.Opened;
        }
    }

    /// <summary>p1 asks: joined, repeated or unknown. It never adds an entry.</summary>
    /// <param name="id">The connection.</param>
    /// <param name="opening">p2's decision, if joined.</param>
    public Recall Join(ConnectionId id, out PairOpening? opening)
    {
        opening = null;
        lock (_lock)
        {
            Sweep();
            if (!_entries.TryGetValue(id, out var entry) || HasExpired(entry))
                return Recall.Unknown;
            if (entry.Waiting is null)
                return Recall.Repeated;
            (opening, entry.Waiting) = (entry.Waiting, null);
            _pending--;
            return Recall.Joined;
        }
    }

    /// <summary>Stops sweeping.</summary>
    public void Dispose() => _sweeping.Dispose();

    private void SweepAll()
    {
        bool more;
        do
        {
            lock (_lock)
                more = Sweep();
        }
        while (more);
    }

    /// <returns>Whether there can be more to forget.</returns>
    private bool Sweep()
    {
        for (var i = 0; i < SweepBatch; i++)
        {
            if (!_byAge.TryPeek(out var oldest) || !HasExpired(oldest))
                return false;
            _byAge.Dequeue();
            Forget(oldest);
        }

        return true;
    }

    private void Forget(Entry entry)
    {
        // If an expired id was asked for again before the sweep, it has another entry now.
        if (!_entries.TryGetValue(entry.Id, out var current) || current != entry)
            return;
        _entries.Remove(entry.Id);
        if (--CollectionsMarshal.GetValueRefOrNullRef(_held, entry.Asker) == 0)
            _held.Remove(entry.Asker);
        if (entry.Waiting is null)
            return;
        _pending--;
        _expired++;
    }

    private bool HasExpired(Entry entry) => _time.GetElapsedTime(entry.Asked) >= Lifetime;

    private sealed class Entry(ConnectionId id, IPAddress asker, long asked)
    {
        public ConnectionId Id => id;
        public IPAddress Asker => asker;
        public long Asked => asked;

        /// <summary>p2's decision, until p1 has it.</summary>
        public PairOpening? Waiting { get; set; }
    }
}
