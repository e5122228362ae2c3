using System.Net;
using Sidecar.Options;

namespace Sidecar.Upstream;

/// <summary>One connect to an address, and then the connection that it made. Until it is disposed of, it counts for the address's limits.</summary>
internal sealed class UpstreamUse(UpstreamTable table, UpstreamEntry entry) : IDisposable
{
    public UpstreamEntry Entry => entry;

    /// <summary>Whether the connect is in progress; the table's lock guards it.</summary>
    public bool IsPending { get; set; } = true;

    /// <summary>Whether it does not count any more; the table's lock guards it.</summary>
    public bool IsEnded { get; set; }

    /// <summary>The address has accepted.</summary>
    public void Connected() => table.Connected(this);

    /// <summary>The address has not accepted, and that was its own failure.</summary>
    /// <param name="outlier">When it is ejected for that.</param>
    /// <param name="all">The addresses among which it was chosen.</param>
    public void Failed(OutlierDetection? outlier, IReadOnlyList<IPEndPoint> all) => table.Failed(this, outlier, all);

    /// <summary>Another address was faster, although this one had a start: it is tried later next time.</summary>
    public void Overtaken() => table.Overtaken(this);

    /// <summary>The connection is closed, or the connect was given up. Further calls change nothing.</summary>
    public void Dispose() => table.End(this);
}
