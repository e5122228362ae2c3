using System.Diagnostics.Metrics;
using Sidecar.Options;

namespace Sidecar.Kubernetes;

/// <summary>The services that find names.</summary>
internal static class PeerNameServices
{
    /// <summary>Adds <see cref="PeerNames"/>, which starts and ends with the host.</summary>
    public static void AddPeerNames(this IServiceCollection services, KubernetesOptions options) => services
        .AddSingleton(provider => new PeerNames(
            options, provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PeerNames>>()))
        .AddHostedService(provider => provider.GetRequiredService<PeerNames>());
}
