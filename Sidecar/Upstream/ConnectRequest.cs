using System.Net;
using Microsoft.AspNetCore.Connections;
using Sidecar.Net;
using Sidecar.Options;

namespace Sidecar.Upstream;

/// <summary>What a connection needs from the <see cref="UpstreamConnector"/>.</summary>
/// <param name="Downstream">The connection that it is for.</param>
/// <param name="Addresses">The addresses to connect to.</param>
/// <param name="Timeout">For all rounds together, with the look-up.</param>
/// <param name="LookUp">The part of it that is used up already.</param>
/// <param name="Limits">The limits of each address.</param>
/// <param name="PassesThrough">Whether connections to this pod itself come from the <see cref="PassthroughSource"/>.</param>
internal readonly record struct ConnectRequest(
    ConnectionContext Downstream, IReadOnlyList<IPEndPoint> Addresses, TimeSpan Timeout, TimeSpan LookUp, UpstreamLimits Limits, bool PassesThrough = false)
{
    /// <summary>What is left for connecting.</summary>
    public TimeSpan Left => Timeout - LookUp;
}
