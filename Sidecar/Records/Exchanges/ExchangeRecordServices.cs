using Chassis.Records;
using Sidecar.Kubernetes;
using Sidecar.Options;
using Sidecar.Owners;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Telemetry;

namespace Sidecar.Records.Exchanges;

/// <summary>The services that write records of exchanges.</summary>
internal static partial class ExchangeRecordServices
{
    /// <summary>Adds the <see cref="ExchangeRecorder"/> and <see cref="LocalProcesses"/>, unless there are no entries.</summary>
    /// <param name="services">The services.</param>
    /// <param name="options">The entries, and which names their records have.</param>
    /// <param name="observed">The clock of the exchanges' times; null if it is the process's.</param>
    /// <param name="otherwise">The process of a connection that is not looked up; null for this one.</param>
    public static IServiceCollection AddExchangeRecords(this IServiceCollection services, ProcessOptions options, TimeProvider? observed = null, LocalProcess? otherwise = null)
    {
        if (options.Records.Count == 0)
            return services;
        return services
            .AddSingleton(provider => new LocalProcesses(provider.GetRequiredService<TimeProvider>(), otherwise))
            .AddSingleton(provider => Open(
                options.Records, provider.GetRequiredService<RecordMetrics>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ExchangeRecorder>>(),
                provider.GetService<PeerNames>(), observed))
            .AddSingleton<IReopenable>(provider => provider.GetRequiredService<ExchangeRecorder>());
    }

    /// <summary>Opens the outputs of all entries, and exports the losses of each.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="metrics">Exports what became of their records.</param>
    /// <param name="time">The process's clock.</param>
    /// <param name="logger">Gets a line for each entry.</param>
    /// <param name="names">Kubernetes' names; null for none.</param>
    /// <param name="observed">The clock of the exchanges' times; null if it is the process's.</param>
    /// <exception cref="Chassis.UsageException">An output cannot be opened.</exception>
    public static ExchangeRecorder Open(IReadOnlyList<ExchangeRecordOptions> entries, RecordMetrics metrics, TimeProvider time, ILogger logger, PeerNames? names = null, TimeProvider? observed = null)
    {
        var resource = names is null ? null : NameAttributes.ResourceOf(names.Own);
        var opened = new List<RecordEntry>();
        // One for all, so that an exchange has the same time in each.
        var clock = new WallClock(observed ?? time);
        // Entries with the same lines stand side by side, and share the lines.
        foreach (var alike in Alike(entries))
        {
            var format = RecordFormats.Create(alike[0], clock);
            foreach (var options in alike)
            {
                var output = options.Output.Open(new OutputContext(options.Format, format.SenderOf, time, logger) { Resource = resource });
                var entry = Create(options, format, new LineSink(output, options.Queue, time, logger), observed ?? time);
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
    public static RecordEntry Create(ExchangeRecordOptions options, RecordFormat format, LineSink sink, TimeProvider observed) => new(
        options,
        new ExchangeFilter(options.Sample, options.AlwaysErrors, new PathFilter(options.Paths), options.Protocols),
        new AddressFilter(options.Cidrs),
        format,
        new RecordBudgets(options.ConnectionRate, options.ClientRate, observed),
        sink);

    private static void Observe(RecordMetrics metrics, RecordEntry entry)
    {
        var (name, sink) = (entry.Options.Name, entry.Sink);
        metrics.ObserveDropped(
            "exchanges", name, ("output", () => sink.Dropped), ("connection_rate", () => entry.OverConnectionRate), ("client_rate", () => entry.OverClientRate));
        if (sink.Spool is not null)
            metrics.ObserveDropped("exchanges", name, ("spool_full", () => sink.Spool?.Dropped ?? 0), ("spool_damaged", () => sink.Spool?.Damaged ?? 0));
        metrics.Observe(name, sink);
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
