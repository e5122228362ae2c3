using Oracle.Protocol;

namespace Oracle.Decisions;

/// <summary>What the memory knows of the connection that a question is about.</summary>
internal enum Recall
{
    /// <summary>Nothing: this question decides.</summary>
    First,

    /// <summary>The other role has asked: its decision holds.</summary>
    Second,

    /// <summary>Both have asked, or this role has.</summary>
    Repeated,

    /// <summary>Nothing, and there is no room to remember the decision.</summary>
    Full,
}

/// <summary>
/// Remembers the first decision on each connection for the role that asks second. The decision is forgotten when both
/// have asked; the id stays until its time is up, so that a third question is known as one. A lone sidecar has no
/// second role: nothing is kept for it. Nothing is ever evicted before its time. Thread-safe.
/// </summary>
internal sealed class DecisionMemory : IDisposable
{
    /// <summary>How long an id is remembered after its first question.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    // Forgotten at most so many at once under the lock: some 10 microseconds that other askers wait.
    private const int SweepBatch = 64;
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<ConnectionId, Entry> _entries = [];
    // All live equally long: the oldest first is also the order of their ends.
    private readonly Queue<Entry> _byAge = new();
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

    /// <summary>Decisions that wait for the second role.</summary>
    public int Pending
    {
        get
        {
            lock (_lock)
                return _pending;
        }
    }

    /// <summary>Ids remembered: of pending decisions and of those both roles have.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>Decisions so far that the second role never asked for.</summary>
    public long Expired => Interlocked.Read(ref _expired);

    /// <summary>Notes that a role asks.</summary>
    /// <param name="id">The connection.</param>
    /// <param name="role">Who asks.</param>
    /// <param name="proposal">The decision if this question is the first.</param>
    /// <param name="settled">The decision that holds: the proposal, or the first role's when it asked before.</param>
    public Recall Ask(ConnectionId id, SidecarRole role, Decision proposal, out Decision settled)
    {
        settled = proposal;
        lock (_lock)
        {
            Sweep();
            if (_entries.TryGetValue(id, out var entry) && !HasExpired(entry))
                return AskAgain(entry, role, ref settled);
            if (role == SidecarRole.Alone)
                return Recall.First;
            if (entry is not null)
                Forget(entry);
            if (_entries.Count >= _capacity)
                return Recall.Full;
            entry = new Entry(id, role, _time.GetTimestamp()) { Waiting = proposal };
            _entries.Add(id, entry);
            _byAge.Enqueue(entry);
            _pending++;
            return Recall.First;
        }
    }

    /// <summary>Stops sweeping.</summary>
    public void Dispose() => _sweeping.Dispose();

    private Recall AskAgain(Entry entry, SidecarRole role, ref Decision settled)
    {
        if (entry.Waiting is not { } waiting || role == entry.FirstRole || role == SidecarRole.Alone)
            return Recall.Repeated;
        settled = waiting;
        entry.Waiting = null;
        _pending--;
        return Recall.Second;
    }

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

    /// <returns>Whether there may be more to forget.</returns>
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
        // An expired id that was asked for anew before the sweep has another entry by now.
        if (!_entries.TryGetValue(entry.Id, out var current) || current != entry)
            return;
        _entries.Remove(entry.Id);
        if (entry.Waiting is null)
            return;
        _pending--;
        _expired++;
    }

    private bool HasExpired(Entry entry) => _time.GetElapsedTime(entry.Asked) >= Lifetime;

    private sealed class Entry(ConnectionId id, SidecarRole firstRole, long asked)
    {
        public ConnectionId Id => id;
        public SidecarRole FirstRole => firstRole;
        public long Asked => asked;

        /// <summary>The decision until the second role has it.</summary>
        public Decision? Waiting { get; set; }
    }
}
