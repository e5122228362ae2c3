using System.Net.Sockets;
using Oracle.Protocol;
using Sidecar.Net;
using Sidecar.Options;

namespace Sidecar.Connections;

/// <summary>
/// All live connections, the byte sums of ended ones, and the limit of live ones. A connection counts its bytes by itself. A reader of
/// sums adds them up, under the lock that also moves the counts of an ending connection from the live ones to the ended ones.
/// </summary>
internal sealed class ConnectionRegistry
{
    // For listeners that a reload has removed: as many as can exist at once.
    private const int MaxRetired = 64;

    // Held for some dozen instructions at both ends of a connection, and by a scrape while it adds up the live ones.
    private readonly Lock _lock = new();
    private readonly OrderedDictionary<ListenerLabel, ListenerAccount> _accounts = [];
    private readonly List<ConnectionInfo> _live = [];
    private readonly Dictionary<string, long> _endedTransformed = new(StringComparer.Ordinal);
    private readonly CurrentOptions _options;
    private readonly ClientLimits _clients;
    private Ending? _refusal;
    private TaskCompletionSource? _emptied;

    public ConnectionRegistry(CurrentOptions options)
    {
        _options = options;
        _clients = new ClientLimits(options);
        Expect(options.Value.Listeners.Select(ListenerLabel.Of));
    }

    /// <summary>The number of live connections.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _live.Count;
        }
    }

    /// <summary>Entries of the clients that are counted.</summary>
    public int ClientEntries
    {
        get
        {
            lock (_lock)
                return _clients.Entries + _accounts.Values.Sum(account => account.ClientConnections.Clients + account.ClientHandshakes.Clients);
        }
    }

    /// <summary>Connections that were accepted since the start, also refused ones.</summary>
    public long Opened
    {
        get
        {
            lock (_lock)
                return _accounts.Values.Sum(account => account.Opened);
        }
    }

    /// <summary>
    /// From now on these listeners have accounts. The accounts of other listeners stay, so that no counter falls, but only as many as
    /// there can be listeners: the oldest ones without a connection are removed.
    /// </summary>
    public void Expect(IEnumerable<ListenerLabel> listeners)
    {
        lock (_lock)
        {
            foreach (var account in _accounts.Values)
                account.IsExpected = false;
            foreach (var listener in listeners)
                AccountOf(listener).IsExpected = true;
            List<ListenerAccount> retired = [.. _accounts.Values.Where(account => !account.IsExpected)];
            foreach (var account in retired.Where(account => account.Live == 0).Take(Math.Max(0, retired.Count - MaxRetired)))
                _accounts.Remove(account.Listener);
        }
    }

    /// <summary>Adds an accepted connection; a connection above a limit gets its end reason and takes no place.</summary>
    public bool TryAdd(ConnectionInfo info)
    {
        Ending? refusal;
        lock (_lock)
        {
            AccountOf(ListenerLabel.Of(info.Listener)).Opened++;
            refusal = Place(info, countsClient: info.Listener is { Role: SidecarRole.Inbound, AcceptProxy: false });
        }

        // Asked only now, because it takes system calls.
        if (refusal is { Reason: RelayEndReason.ClientLimit } && IsOwn(info.Peer))
        {
            lock (_lock)
                refusal = Place(info, countsClient: false);
        }

        return refusal is null || info.End(refusal.Reason, refusal.Detail);
    }

    /// <summary>
    /// Counts a live connection for the client that a proxy has named; the proxy's own address has no limit. A client above its limit gets
    /// its end reason.
    /// </summary>
    public bool TryCountClient(ConnectionInfo info)
    {
        if (info.Listener.Role != SidecarRole.Inbound)
            return true;
        Ending? refusal = null;
        lock (_lock)
        {
            // An end that was accounted for gives nothing back.
            if (!info.IsAccounted)
                refusal = _clients.TryEnter(info, AccountOf(ListenerLabel.Of(info.Listener)));
        }

        return refusal is null || info.End(refusal.Reason, refusal.Detail);
    }

    /// <summary>The relay begins: the client no longer has a handshake under way.</summary>
    public void EndHandshake(ConnectionInfo info)
    {
        if (info.Counted is not { IsInHandshake: true } counted)
            return;
        lock (_lock)
            counted.EndHandshake();
    }

    /// <summary>Accepts no connection from now on.</summary>
    public void RefuseAll(RelayEndReason reason, string detail)
    {
        lock (_lock)
            _refusal = new Ending(reason, detail);
    }

    /// <summary>Completes when no connection lives; at once if none does.</summary>
    public Task WhenEmpty()
    {
        lock (_lock)
        {
            if (_live.Count == 0)
                return Task.CompletedTask;
            _emptied ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _emptied.Task;
        }
    }

    /// <summary>Accounts for a connection that has ended, also a refused one.</summary>
    /// <returns>How it ended; null if it was accounted for before.</returns>
    public Ending? TryEnd(ConnectionInfo info)
    {
        lock (_lock)
        {
            if (info.IsAccounted)
                return null;
            info.IsAccounted = true;
            info.Counted?.Leave();
            var ending = info.Ending;
            var account = AccountOf(ListenerLabel.Of(info.Listener));
            account.AddEnded(info, ending.Reason);
            if (info.Transform is { } transform)
                _endedTransformed[transform.Name] = _endedTransformed.GetValueOrDefault(transform.Name) + Transformed(info);
            if (info.Slot is { } slot)
            {
                account.Live--;
                // The last one moves into the gap.
                _live[slot] = _live[^1];
                _live[slot].Slot = slot;
                _live.RemoveAt(_live.Count - 1);
                if (_live.Count == 0)
                    NoteEmpty();
            }

            return ending;
        }
    }

    /// <summary>The connections that live now, in no order.</summary>
    public IReadOnlyList<ConnectionInfo> Live()
    {
        lock (_lock)
            return [.. _live];
    }

    /// <summary>The live connections with an id: two if p1 and p2 are one process, more if a peer uses an id again.</summary>
    public IReadOnlyList<ConnectionInfo> Find(ConnectionId id) => [.. Live().Where(info => info.IsNamed(id))];

    /// <summary>The numbers of connections of each listener, live and ended.</summary>
    public IReadOnlyList<ListenerCounts> Counts()
    {
        lock (_lock)
            return [.. _accounts.Values.Select(a => a.Counts())];
    }

    /// <summary>Bytes of each listener's connections, live and ended; never less than at an earlier call.</summary>
    public IReadOnlyDictionary<ListenerLabel, ByteTotals> Bytes()
    {
        var totals = new Dictionary<ListenerLabel, ByteTotals>();
        lock (_lock)
        {
            foreach (var account in _accounts.Values)
                totals.Add(account.Listener, account.EndedBytes);
            foreach (var info in _live)
                System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrNullRef(totals, ListenerLabel.Of(info.Listener)).Add(info);
        }

        return totals;
    }

    /// <summary>Bytes that went through each transform, by its name; never less than at an earlier call.</summary>
    public IReadOnlyDictionary<string, long> TransformedBytes()
    {
        lock (_lock)
        {
            var totals = new Dictionary<string, long>(_endedTransformed, StringComparer.Ordinal);
            foreach (var info in _live)
            {
                if (info.Transform is { } transform)
                    totals[transform.Name] = totals.GetValueOrDefault(transform.Name) + Transformed(info);
            }

            return totals;
        }
    }

    private ListenerAccount AccountOf(ListenerLabel listener)
    {
        if (!_accounts.TryGetValue(listener, out var account))
            _accounts.Add(listener, account = new ListenerAccount(listener));
        return account;
    }

    // Null if it has a place now.
    private Ending? Place(ConnectionInfo info, bool countsClient)
    {
        var account = AccountOf(ListenerLabel.Of(info.Listener));
        if ((RefusalFor(account, info.Listener) ?? (countsClient ? _clients.TryEnter(info, account) : null)) is { } refusal)
            return refusal;
        info.Slot = _live.Count;
        _live.Add(info);
        account.Live++;
        return null;
    }

    // The own pod has no limit for a client.
    private static bool IsOwn(ClientAddress peer)
    {
        try
        {
            return LocalAddress.IsLocal(peer.EndPoint.Address);
        }
        catch (SocketException)
        {
            // No descriptor is left to find out.
            return false;
        }
    }

    private Ending? RefusalFor(ListenerAccount account, ListenerOptions listener) =>
        _refusal
        ?? (_live.Count >= _options.Value.MaxConnections ? new Ending(RelayEndReason.LimitReached, $"more than {_options.Value.MaxConnections} connections")
        : account.Live >= listener.MaxConnections
            ? new Ending(RelayEndReason.LimitReached, $"more than {listener.MaxConnections} connections to listener {listener.Name}")
        : null);

    private void NoteEmpty()
    {
        _emptied?.SetResult();
        _emptied = null;
    }

    private static long Transformed(ConnectionInfo info) => info.Plain.Received + info.Plain.Sent;
}
