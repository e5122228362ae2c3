using System.Net;

namespace VideoApi.Hosting;

/// <summary>Where a service listens, with the real ports.</summary>
/// <param name="Service">For clients.</param>
/// <param name="Metrics">For metrics.</param>
/// <param name="Health">For health; the same as metrics when they share a port.</param>
internal sealed record BoundAddresses(IPEndPoint Service, IPEndPoint Metrics, IPEndPoint Health);
