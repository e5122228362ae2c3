using System.Net;

namespace Sidecar.Upstream;

/// <summary>An upstream address at one moment.</summary>
/// <param name="Address">The address.</param>
/// <param name="State">Whether connections to it may be made.</param>
/// <param name="Connections">Connections to it, also those in progress.</param>
/// <param name="Pending">Connects in progress.</param>
/// <param name="Failures">Failed connects in a row.</param>
/// <param name="SinceFailure">Time since the last failure; null if the last connect succeeded.</param>
/// <param name="Ejections">By how many times the ejection time has grown.</param>
/// <param name="EjectedFor">Time until its next trial; null if it is not ejected.</param>
internal sealed record UpstreamSnapshot(
    IPEndPoint Address, CircuitState State, int Connections, int Pending, long Failures, TimeSpan? SinceFailure, int Ejections, TimeSpan? EjectedFor)
{
    public static UpstreamSnapshot Of(UpstreamEntry entry, TimeSpan now)
    {
        var state = entry.StateAt(now);
        return new UpstreamSnapshot(
            entry.Address, state, entry.Connections, entry.Pending, entry.Failures, entry.SinceFailure(now), entry.Ejections,
            state == CircuitState.Open ? entry.EjectedUntil - now : null);
    }
}

/// <summary>The counts of all upstream addresses together.</summary>
/// <param name="Ejected">Addresses that are ejected, or wait for their trial.</param>
/// <param name="Ejections">Ejections since the start.</param>
/// <param name="Limited">Connects that were refused since the start, by <see cref="UpstreamLimit"/>.</param>
internal sealed record UpstreamTotals(int Ejected, long Ejections, IReadOnlyList<long> Limited);
