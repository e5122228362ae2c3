using System.Diagnostics.Metrics;
using Chassis.Metrics;
using Sidecar.Hosting.Metrics;
using Sidecar.Kubernetes;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Owners;
using Sidecar.Records.Exchanges;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Telemetry;

namespace Sidecar.Hosting;

/// <summary>The services of every process that observes HTTP: clock, metrics, memory, names and records.</summary>
internal static class ObservationServices
{
    // Not those of the own endpoints, which have the same names as what is observed.
    private static readonly string[] Meters = [SidecarMetrics.MeterName, ProcessMeter.Name, "System.Runtime"];

    /// <summary>Adds them.</summary>
    /// <param name="services">The services.</param>
    /// <param name="options">What is recorded and exported.</param>
    /// <param name="observed">The clock of the exchanges' times; null if it is the process's.</param>
    /// <param name="otherwise">The process of a connection that is not looked up; null for this one.</param>
    /// <param name="hasNamesWithoutRecords">Whether names of Kubernetes are needed for more than records.</param>
    public static void AddObservation(this IServiceCollection services, ProcessOptions options, TimeProvider? observed = null, LocalProcess? otherwise = null, bool hasNamesWithoutRecords = false)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new PrometheusBridge(
            provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<TimeProvider>(), Meters));
        if (MetricsExport.IsSupported && options.MetricsExport is { } export)
            services.AddSingleton(provider => new MetricsExport(
                export, NameAttributes.ResourceOf(OwnPod.NameOf(options.Kubernetes)), provider.GetRequiredService<ILogger<MetricsExport>>(), Meters));
        services.AddSingleton<ProcessMeter>().AddSingleton<RecordMetrics>().AddSingleton(new ObservationMemory(options.ObservationMemory));
        services.AddSingleton(provider => new ExchangeMetrics(
            provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<ObservationMemory>(), observed ?? TimeProvider.System));
        if (options.Kubernetes.Names != PeerNaming.Off && (options.Records.Count > 0 || hasNamesWithoutRecords))
        {
            services.AddSingleton(provider => new PeerNames(
                options.Kubernetes, provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PeerNames>>()));
            services.AddHostedService(provider => provider.GetRequiredService<PeerNames>());
        }

        services.AddExchangeRecords(options, observed, otherwise);
    }
}
