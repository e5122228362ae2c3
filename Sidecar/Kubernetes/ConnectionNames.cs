namespace Sidecar.Kubernetes;

/// <summary>The names of a connection's ends.</summary>
/// <param name="Own">The own pod, which is one of the ends; null if it is not known.</param>
/// <param name="Client">The client's.</param>
/// <param name="Server">The server's.</param>
internal sealed record ConnectionNames(NamedPod? Own, EndNames Client, EndNames Server)
{
    /// <summary>These, and for what they do not have, earlier ones.</summary>
    public ConnectionNames Or(ConnectionNames earlier) => new(Own, Client.Or(earlier.Client), Server.Or(earlier.Server));
}

/// <summary>The names of one end of a connection.</summary>
/// <param name="Pod">The pod at its address; null if none is known.</param>
/// <param name="Service">The service at its address, or of its pod; null if none is known.</param>
internal readonly record struct EndNames(NamedPod? Pod, NamedService? Service)
{
    /// <summary>These, and for what they do not have, earlier ones.</summary>
    public EndNames Or(EndNames earlier) => new(Pod ?? earlier.Pod, Service ?? earlier.Service);
}
