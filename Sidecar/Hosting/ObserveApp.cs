using Chassis.Endpoints;
using Chassis.Net;
using Sidecar.Capture;
using Sidecar.Hosting.Admin;
using Sidecar.Hosting.Reload;
using Sidecar.Hosting.Signals;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Owners;
using Sidecar.Records.Exchanges;
using Sidecar.Telemetry;

namespace Sidecar.Hosting;

/// <summary>One process of <c>Sidecar observe</c>: a source of packets, its observers, and the own endpoints.</summary>
internal sealed class ObserveApp : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ListenSockets _sockets;

    private ObserveApp(WebApplication app, ListenSockets sockets) => (_app, _sockets) = (app, sockets);

    /// <summary>Reads the configuration, opens the source, claims the ports and builds the process; it captures nothing before it runs.</summary>
    /// <exception cref="Chassis.UsageException">The configuration is wrong, rights are missing, a port is in use, or a file cannot be opened.</exception>
    public static ObserveApp Create(IConfigurationReader<ObserveOptions> reader)
    {
        var loaded = reader.Read();
        var watch = reader.Watch();
        var filter = CaptureFilter.Of(loaded.Options.Capture.Choice);
        var source = CaptureSources.Open(loaded.Options.Capture, filter, out var note);
        var sockets = new ListenSockets();
        try
        {
            var addresses = BoundAddresses.Bind(loaded.Options, sockets);
            var clock = new CapturedTime(source.IsLive);
            var builder = OwnEndpoints.Builder(loaded.Options, sockets);
            var services = builder.Services;
            services.AddSingleton<LoadedConfiguration>(loaded).AddSingleton(reader).AddSingleton<IConfigurationFile>(reader).AddSingleton<ConfigurationState>();
            if (watch is not null)
                services.AddSingleton(watch);
            services.AddObservation(loaded.Options, clock, LocalProcess.Unknown, hasNamesWithoutRecords: true);
            services.AddSingleton(source).AddSingleton(clock).AddSingleton<CaptureMetrics>();
            services.AddSingleton(provider => new CaptureObserver(
                source, filter, loaded.Options, clock, provider.GetRequiredService<ObservationMemory>(), provider.GetRequiredService<ExchangeMetrics>(),
                provider.GetRequiredService<ILogger<CaptureObserver>>(), provider.GetService<ExchangeRecorder>(),
                source.IsLive ? provider.GetService<LocalProcesses>() : null, provider.GetService<Kubernetes.PeerNames>()));
            services.AddSingleton<CaptureRun>().AddSingleton<IStoppable>(provider => provider.GetRequiredService<CaptureRun>()).AddSingleton<IHostLifetime, StopSignals>();
            services.AddSingleton<ChoiceReloader>().AddSingleton<IReloadable>(provider => provider.GetRequiredService<ChoiceReloader>());
            services.AddHostedService<HangUpSignal>().AddHostedService(provider => provider.GetRequiredService<ChoiceReloader>());
            var endpoints = new OwnEndpoints(loaded.Options, addresses);
            endpoints.Listen(builder.WebHost);
            var app = builder.Build();
            var run = app.Services.GetRequiredService<CaptureRun>();
            endpoints.Map(app, health => health.MapHealth(notReady: () => run.NotReady), admin => admin.MapConfig().MapOutputs());
            app.Services.GetRequiredService<CaptureMetrics>();
            var logger = app.Services.GetRequiredService<ILogger<ObserveApp>>();
            app.Lifetime.ApplicationStarted.Register(() => addresses.Log(loaded.Options, logger));
            run.Note = note;
            return new ObserveApp(app, sockets);
        }
        catch
        {
            source.Dispose();
            sockets.Dispose();
            throw;
        }
    }

    /// <summary>Runs until the capture ends, or SIGTERM or SIGINT comes.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync()
    {
        var run = _app.Services.GetRequiredService<CaptureRun>();
        await _app.StartAsync();
        run.Start();
        var code = await run.Ended;
        await _app.StopAsync();
        return code;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _sockets.Dispose();
    }
}
