using Chassis.Records;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Telemetry;

namespace Sidecar.Records.Exchanges;

/// <summary>What writes records of exchanges.</summary>
internal static class ExchangeRecordServices
{
    /// <summary>Adds the <see cref="ExchangeRecorder"/> and <see cref="LocalProcesses"/>, unless the options are null.</summary>
    public static IServiceCollection AddExchangeRecords(this IServiceCollection services, ExchangeRecordOptions? options)
    {
        if (options is null)
            return services;
        return services
            .AddSingleton(provider => new LocalProcesses(provider.GetRequiredService<TimeProvider>()))
            .AddSingleton(provider => Open(options, provider))
            .AddSingleton<IReopenable>(provider => provider.GetRequiredService<ExchangeRecorder>());
    }

    private static ExchangeRecorder Open(ExchangeRecordOptions options, IServiceProvider provider)
    {
        var time = provider.GetRequiredService<TimeProvider>();
        var rotation = options.Rotation is { } rotated ? rotated with { SenderOf = PeriscoSender.Of } : null;
        var sink = LineSink.Open(options.Path, options.Origin, rotation, LineSink.DefaultLimit, time, provider.GetRequiredService<ILogger<ExchangeRecorder>>());
        var recorder = Create(options, sink, time);
        provider.GetRequiredService<SidecarMetrics>().ObserveDroppedRecords(
            "exchanges", ("output", () => recorder.Dropped), ("connection_rate", () => recorder.OverConnectionRate), ("client_rate", () => recorder.OverClientRate));
        return recorder;
    }

    /// <summary>Makes the recorder of a sink.</summary>
    public static ExchangeRecorder Create(ExchangeRecordOptions options, LineSink sink, TimeProvider time) => new(
        new ExchangeFilter(options.Sample, options.AlwaysErrors, new PathFilter(options.Paths)),
        new PeriscoWriter(
            new HeaderRules(options.AllowHeaders, options.DenyHeaders, options.MaskHeaders), new UrlMask(options.MaskQuery), options.HasExt, new WallClock(time), options.MaxLine),
        new RecordBudgets(options.ConnectionRate, options.ClientRate, time),
        sink);
}
