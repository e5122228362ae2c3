using System.Diagnostics.Metrics;
using Chassis.Records;
using Sidecar.Kubernetes;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Telemetry;

namespace Sidecar.Records.Exchanges;

/// <summary>The services that write records of exchanges.</summary>
internal static partial class ExchangeRecordServices
{
    /// <summary>Adds the <see cref="ExchangeRecorder"/>, <see cref="LocalProcesses"/> and <see cref="PeerNames"/>, unless there are no entries.</summary>
    public static IServiceCollection AddExchangeRecords(this IServiceCollection services, IReadOnlyList<ExchangeRecordOptions> entries, KubernetesOptions kubernetes)
    {
        if (entries.Count == 0)
            return services;
        if (kubernetes.Names != PeerNaming.Off)
        {
            services.AddSingleton(provider => new PeerNames(
                kubernetes, provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PeerNames>>()));
            services.AddHostedService(provider => provider.GetRequiredService<PeerNames>());
        }

        return services
            .AddSingleton(provider => new LocalProcesses(provider.GetRequiredService<TimeProvider>()))
            .AddSingleton(provider => Open(
                entries, provider.GetRequiredService<SidecarMetrics>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ExchangeRecorder>>(),
                provider.GetService<PeerNames>()))
            .AddSingleton<IReopenable>(provider => provider.GetRequiredService<ExchangeRecorder>());
    }

    /// <summary>Opens the outputs of all entries, and exports the losses of each.</summary>
    /// <exception cref="Chassis.UsageException">An output cannot be opened.</exception>
    public static ExchangeRecorder Open(IReadOnlyList<ExchangeRecordOptions> entries, SidecarMetrics metrics, TimeProvider time, ILogger logger, PeerNames? names = null)
    {
        var resource = names is null ? null : NameAttributes.ResourceOf(names.Own);
        var opened = new List<RecordEntry>();
        // One for all, so that an exchange has the same time in each.
        var clock = new WallClock(time);
        // Entries with the same lines stand side by side, and share the lines.
        foreach (var alike in Alike(entries))
        {
            var format = RecordFormats.Create(alike[0], clock);
            foreach (var options in alike)
            {
                var output = options.Output.Open(new OutputContext(options.Format, format.SenderOf, time, logger) { Resource = resource });
                var entry = Create(options, format, new LineSink(output, options.Queue, time, logger), time);
                Observe(metrics, entry);
                opened.Add(entry);
            }
        }

        // After all outputs are open, so that a failed start has one line.
        foreach (var options in entries)
            Log.Recording(logger, options);
        return new ExchangeRecorder(opened);
    }

    /// <summary>Makes an entry of a format and a sink.</summary>
    public static RecordEntry Create(ExchangeRecordOptions options, RecordFormat format, LineSink sink, TimeProvider time) => new(
        options,
        new ExchangeFilter(options.Sample, options.AlwaysErrors, new PathFilter(options.Paths), options.Protocols),
        new AddressFilter(options.Cidrs),
        format,
        new RecordBudgets(options.ConnectionRate, options.ClientRate, time),
        sink);

    private static void Observe(SidecarMetrics metrics, RecordEntry entry)
    {
        var (name, sink) = (entry.Options.Name, entry.Sink);
        metrics.ObserveDroppedRecords(
            "exchanges", name, ("output", () => sink.Dropped), ("connection_rate", () => entry.OverConnectionRate), ("client_rate", () => entry.OverClientRate));
        if (sink.Spool is not null)
            metrics.ObserveDroppedRecords("exchanges", name, ("spool_full", () => sink.Spool?.Dropped ?? 0), ("spool_damaged", () => sink.Spool?.Damaged ?? 0));
        metrics.ObserveRecords(name, sink);
    }

    private static List<List<ExchangeRecordOptions>> Alike(IReadOnlyList<ExchangeRecordOptions> entries)
    {
        var groups = new List<List<ExchangeRecordOptions>>();
        foreach (var entry in entries)
        {
            if (groups.Find(group => group[0].WritesAs(entry)) is { } alike)
                alike.Add(entry);
            else
                groups.Add([entry]);
        }

        return groups;
    }

    private static partial class Log
    {
        [LoggerMessage(43, LogLevel.Information, "Exchanges are recorded: {Entry}")]
        public static partial void Recording(ILogger logger, ExchangeRecordOptions entry);
    }
}
