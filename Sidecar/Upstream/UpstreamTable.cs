using System.Net;
using Sidecar.Connections;
using Sidecar.Options;

namespace Sidecar.Upstream;

/// <summary>
/// The upstream addresses of the process: connections to each, and how the last connects ended. It refuses connects above a limit, ejects
/// addresses that fail (outlier detection), and lets one connection try them again (half-open). Reloads change the limits, not the counts.
/// </summary>
internal sealed class UpstreamTable(TimeProvider time)
{
    /// <summary>Most addresses without a connection that are kept: clients can name any number. The one unused longest is dropped first.</summary>
    public const int MaxUnused = 4096;

    /// <summary>How long an address without a connection is kept: no ejection is longer.</summary>
    public static readonly TimeSpan KeptUnused = TimeSpan.FromHours(1);

    /// <summary>How long an address that failed is tried after the others (nginx's <c>fail_timeout</c>).</summary>
    public static readonly TimeSpan FailedLately = TimeSpan.FromSeconds(10);

    // Held for some dozen instructions at the beginning and end of a connect, and at the end of a connection.
    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly Dictionary<IPEndPoint, UpstreamEntry> _entries = [];
    // The one unused longest is the first.
    private readonly LinkedList<UpstreamEntry> _unused = new();
    private readonly long[] _limited = new long[Enum.GetValues<UpstreamLimit>().Length];
    private int _ejected;
    private long _ejections;

    private TimeSpan Now => time.GetElapsedTime(_start);

    /// <summary>The addresses as they are now, in no order.</summary>
    public IReadOnlyList<UpstreamSnapshot> Snapshots()
    {
        lock (_lock)
        {
            var now = Now;
            DropUnused(now);
            return [.. _entries.Values.Select(entry => UpstreamSnapshot.Of(entry, now))];
        }
    }

    /// <summary>The counts of all addresses together.</summary>
    public UpstreamTotals Totals()
    {
        lock (_lock)
            return new UpstreamTotals(_ejected, _ejections, [.. _limited]);
    }

    /// <summary>Whether other addresses should be tried before this one.</summary>
    public bool HasFailedLately(IPEndPoint address)
    {
        lock (_lock)
            return _entries.TryGetValue(address, out var entry) && (entry.SinceFailure(Now) < FailedLately || entry.IsOutAt(Now));
    }

    /// <summary>Begins a connect to an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="all">The addresses among which it was chosen, itself included: at most half of them are left out.</param>
    /// <param name="limits">The limits that hold for this connection.</param>
    /// <param name="refusal">Why there must be no connect.</param>
    public UpstreamUse? TryBegin(IPEndPoint address, IReadOnlyList<IPEndPoint> all, UpstreamLimits limits, out ConnectOutcome refusal)
    {
        lock (_lock)
        {
            var now = Now;
            var entry = EntryOf(address, now);
            var state = limits.Outlier is null ? CircuitState.Closed : entry.StateAt(now);
            var isOut = state != CircuitState.Closed && entry.IsOutAt(now);
            refusal = isOut && IsLeftOut(entry, all, now) ? Ejected(entry, now)
                : entry.Exceeds(limits, now) is { } limit ? Limited(entry, limit, limits)
                : default;
            if (refusal.Failure is not null)
                return null;
            if (entry.Connections == 0)
                _unused.Remove(entry.Node);
            var use = new UpstreamUse(this, entry);
            entry.Begin(use, isTrial: state == CircuitState.HalfOpen && !isOut);
            return use;
        }
    }

    public void Connected(UpstreamUse use)
    {
        lock (_lock)
        {
            if (use.Entry.Connected(use, Now))
                _ejected--;
            use.IsPending = false;
        }
    }

    public void Failed(UpstreamUse use, OutlierDetection? outlier, IReadOnlyList<IPEndPoint> all)
    {
        lock (_lock)
        {
            var now = Now;
            if (use.Entry.Failed(use, outlier, now) && outlier is not null && MayEject(use.Entry, all, now))
                Eject(use.Entry, outlier, now);
            EndLocked(use, now);
        }
    }

    public void Overtaken(UpstreamUse use)
    {
        lock (_lock)
        {
            var now = Now;
            use.Entry.NoteFailure(now);
            EndLocked(use, now);
        }
    }

    public void End(UpstreamUse use)
    {
        lock (_lock)
            EndLocked(use, Now);
    }

    // The only address of a name can be ejected: there is no other one that would get its connections.
    private static int MostOut(int addresses) => addresses == 1 ? 1 : addresses / 2;

    private static ConnectOutcome Ejected(UpstreamEntry entry, TimeSpan now) => new(
        null,
        RelayEndReason.CircuitOpen,
        $"{entry.Address} failed {entry.Failures} times in a row; "
        + (entry.EjectedUntil > now ? $"it is tried again in {(entry.EjectedUntil.Value - now).TotalSeconds:0.###} s" : "another connection is trying it"));

    private ConnectOutcome Limited(UpstreamEntry entry, UpstreamLimit limit, UpstreamLimits limits)
    {
        _limited[(int)limit]++;
        return new(null, RelayEndReason.UpstreamLimit, limit switch
        {
            UpstreamLimit.Connections => $"more than {limits.Connections} connections to {entry.Address}",
            UpstreamLimit.Pending => $"more than {limits.Pending} connects to {entry.Address} in progress",
            _ => $"more than {limits.ConnectRate} connects to {entry.Address} in a second",
        });
    }

    private UpstreamEntry EntryOf(IPEndPoint address, TimeSpan now)
    {
        if (_entries.TryGetValue(address, out var entry))
            return entry;
        _entries.Add(address, entry = new UpstreamEntry(address) { Unused = now });
        _unused.AddLast(entry.Node);
        return entry;
    }

    // Addresses can be ejected by way of other names too: of each name the ones with the longest ejection are left out.
    private bool IsLeftOut(UpstreamEntry entry, IReadOnlyList<IPEndPoint> all, TimeSpan now)
    {
        var (longer, isBefore) = (0, true);
        foreach (var other in Known(all))
        {
            if (other == entry)
                isBefore = false;
            else if (other.IsOutAt(now) && (other.EjectedUntil > entry.EjectedUntil || (isBefore && other.EjectedUntil == entry.EjectedUntil)))
                longer++;
        }

        return longer < MostOut(all.Count);
    }

    private bool MayEject(UpstreamEntry entry, IReadOnlyList<IPEndPoint> all, TimeSpan now) =>
        Known(all).Count(other => other != entry && other.IsOutAt(now)) < MostOut(all.Count);

    private IEnumerable<UpstreamEntry> Known(IReadOnlyList<IPEndPoint> addresses)
    {
        foreach (var address in addresses)
        {
            if (_entries.TryGetValue(address, out var entry))
                yield return entry;
        }
    }

    private void Eject(UpstreamEntry entry, OutlierDetection outlier, TimeSpan now)
    {
        if (entry.EjectedUntil is null)
            _ejected++;
        _ejections++;
        entry.Eject(outlier, now);
    }

    private void EndLocked(UpstreamUse use, TimeSpan now)
    {
        if (use.IsEnded)
            return;
        use.Entry.End(use);
        (use.IsPending, use.IsEnded) = (false, true);
        if (use.Entry.Connections > 0)
            return;
        use.Entry.Unused = now;
        _unused.AddLast(use.Entry.Node);
        DropUnused(now);
    }

    private void DropUnused(TimeSpan now)
    {
        while (_unused.First?.Value is { } oldest && (_unused.Count > MaxUnused || now - oldest.Unused >= KeptUnused))
        {
            _unused.RemoveFirst();
            _entries.Remove(oldest.Address);
            if (oldest.EjectedUntil is not null)
                _ejected--;
        }
    }
}
