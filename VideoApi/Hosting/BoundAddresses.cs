using System.Net;

namespace VideoApi.Hosting;

/// <summary>The addresses of a service, with the real ports.</summary>
/// <param name="Service">For clients.</param>
/// <param name="Metrics">For metrics.</param>
/// <param name="Health">For health; the same as metrics if they share a port.</param>
internal sealed record BoundAddresses(IPEndPoint Service, IPEndPoint Metrics, IPEndPoint Health);
