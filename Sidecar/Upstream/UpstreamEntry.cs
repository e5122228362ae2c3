using System.Net;
using Sidecar.Options;

namespace Sidecar.Upstream;

/// <summary>What is known of one upstream address. The lock of the table guards it; times are those of the table's clock.</summary>
internal sealed class UpstreamEntry
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Each connect puts it a part of a second later; at a whole second from now the rate is used up (a leaky bucket).
    private TimeSpan _rateUsed;
    private TimeSpan? _failed;
    private TimeSpan _readmitted;
    private UpstreamUse? _trial;

    public UpstreamEntry(IPEndPoint address)
    {
        Address = address;
        Node = new LinkedListNode<UpstreamEntry>(this);
    }

    public IPEndPoint Address { get; }

    /// <summary>Its place among the unused ones.</summary>
    public LinkedListNode<UpstreamEntry> Node { get; }

    /// <summary>Since when it is unused.</summary>
    public TimeSpan Unused { get; set; }

    /// <summary>Connections to it, also those in progress.</summary>
    public int Connections { get; private set; }

    /// <summary>Connects in progress.</summary>
    public int Pending { get; private set; }

    /// <summary>Failed connects in a row.</summary>
    public long Failures { get; private set; }

    /// <summary>By how many times the ejection time grows; each ejection time without an ejection takes one away.</summary>
    public int Ejections { get; private set; }

    /// <summary>The end of its ejection; null when it has been connected to since, or was never ejected.</summary>
    public TimeSpan? EjectedUntil { get; private set; }

    public CircuitState StateAt(TimeSpan now) =>
        EjectedUntil is not { } end ? CircuitState.Closed : now < end ? CircuitState.Open : CircuitState.HalfOpen;

    /// <summary>Whether no connection should use it now: it is ejected, or one is trying it.</summary>
    public bool IsOutAt(TimeSpan now) => StateAt(now) switch
    {
        CircuitState.Open => true,
        CircuitState.HalfOpen => _trial is not null,
        _ => false,
    };

    /// <summary>Time since its last failure; null if the last connect succeeded.</summary>
    public TimeSpan? SinceFailure(TimeSpan now) => now - _failed;

    /// <summary>The limit that one more connect would exceed; if there is none, the connect counts for the rate.</summary>
    public UpstreamLimit? Exceeds(UpstreamLimits limits, TimeSpan now) =>
        Connections >= limits.Connections ? UpstreamLimit.Connections
        : Pending >= limits.Pending ? UpstreamLimit.Pending
        : limits.ConnectRate is { } rate && !TryTakeRate(rate, now) ? UpstreamLimit.Rate
        : null;

    public void Begin(UpstreamUse use, bool isTrial)
    {
        Connections++;
        Pending++;
        if (isTrial)
            _trial = use;
    }

    /// <summary>A connect succeeded.</summary>
    /// <returns>Whether that ended an ejection.</returns>
    public bool Connected(UpstreamUse use, TimeSpan now)
    {
        EndConnect(use);
        (_failed, Failures) = (null, 0);
        if (EjectedUntil is null)
            return false;
        (EjectedUntil, _readmitted, _trial) = (null, now, null);
        return true;
    }

    /// <summary>A connect failed, or was given up because another address was faster.</summary>
    public void NoteFailure(TimeSpan now) => _failed = now;

    /// <summary>A connect failed.</summary>
    /// <returns>Whether the address should be ejected.</returns>
    public bool Failed(UpstreamUse use, OutlierDetection? outlier, TimeSpan now)
    {
        NoteFailure(now);
        Failures++;
        return StateAt(now) != CircuitState.Open && (use == _trial || Failures >= outlier?.Failures);
    }

    /// <summary>Ejects it.</summary>
    public void Eject(OutlierDetection outlier, TimeSpan now)
    {
        // A failed trial continues the ejection before.
        if (EjectedUntil is null)
            Ejections = (int)Math.Max(0, Ejections - ((now - _readmitted).Ticks / outlier.EjectionTime.Ticks));
        Ejections++;
        var longest = outlier.MaxEjectionTime;
        EjectedUntil = now + (Ejections > longest / outlier.EjectionTime ? longest : outlier.EjectionTime * Ejections);
    }

    /// <summary>One connect or connection less.</summary>
    public void End(UpstreamUse use)
    {
        if (use.IsPending)
            EndConnect(use);
        Connections--;
    }

    private void EndConnect(UpstreamUse use)
    {
        Pending--;
        if (_trial == use)
            _trial = null;
    }

    private bool TryTakeRate(int rate, TimeSpan now)
    {
        var used = (_rateUsed > now ? _rateUsed : now) + (Second / rate);
        if (used - now > Second)
            return false;
        _rateUsed = used;
        return true;
    }
}
