using Chassis.Endpoints;

namespace VideoApi.Hosting;

/// <summary>A service's endpoints for monitoring.</summary>
/// <param name="Metrics">Serves metrics.</param>
/// <param name="Health">Serves health; the same if they share a port.</param>
internal sealed record OwnEndpoints(ServiceEndpoint Metrics, ServiceEndpoint Health)
{
    /// <summary>The endpoints of a service that listens.</summary>
    public static OwnEndpoints Create(Listener listener, BoundAddresses bound)
    {
        if (!bound.Metrics.Equals(bound.Health))
            return new(new("metrics", WebPageGuard.ForMonitoring(listener.MetricsHosts, "--metrics-hosts")), new("health", WebPageGuard.ForMonitoring(listener.HealthHosts, "--health-hosts")));
        var both = new ServiceEndpoint("metrics", WebPageGuard.ForMonitoring([.. listener.MetricsHosts, .. listener.HealthHosts], "--metrics-hosts"));
        return new(both, both);
    }
}
