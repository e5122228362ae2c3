using System.Net;
using Chassis.Metrics;
using Chassis.Net;
using Chassis.Records;
using Demo.Verification;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Records;
using Sidecar.Telemetry;
using Sidecar.Transport.Epoll;
using Testing;
using Xunit;

namespace Sidecar.Tests.Support;

/// <summary>
/// A listener on event loops. Its connections go through the first stage of every pipeline, which accounts for them, and
/// then through a stage of the test's own.
/// </summary>
internal sealed class StageListener : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ErrorLog _errors = new();
    private readonly MeterFactory _meters = new();
    private readonly ListenSockets _sockets = new();
    private readonly LoggerFactory _loggers;
    private readonly EventLoops _loops;
    private readonly ConnectionReporter _reporter;
    private readonly PrometheusBridge _bridge;
    private readonly EpollListener _listener;

    private StageListener(ListenerOptions listener, Func<ConnectionContext, Task> stage)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll exists only on Linux");
        _loggers = new LoggerFactory([_errors]);
        _loops = new EventLoops(1, _loggers.CreateLogger<EventLoop>());
        var options = Stage.Options(listener);
        var registry = new ConnectionRegistry(new CurrentOptions(options));
        _bridge = new PrometheusBridge(_meters, TimeProvider.System, SidecarMetrics.MeterName);
        var sink = JsonLineSink.Open(
            _folder.File("records"), "test", RecordJson.Readable.ConnectionRecord, WhenFull.DropOldest, _loggers.CreateLogger<ConnectionReporter>());
        _reporter = new ConnectionReporter(
            sink, registry, new SidecarMetrics(_meters, new CurrentOptions(options), registry, TimeProvider.System), new RecordMetrics(_meters), TimeProvider.System, _loggers.CreateLogger<ConnectionReporter>());
        var first = new ConnectionInfoMiddleware(
            connection => stage(connection), listener, options.Timeouts, registry, _reporter, TimeProvider.System,
            _loggers.CreateLogger<ConnectionInfoMiddleware>());
        var address = _sockets.Bind(new IPEndPoint(IPAddress.Loopback, 0), "test");
        Port = address.Port;
        _listener = new EpollListener(address, _sockets.Take(address), first.OnConnectionAsync, _loops, _loggers.CreateLogger<EpollListener>());
    }

    public int Port { get; }

    /// <summary>What was logged as errors.</summary>
    public IReadOnlyCollection<string> Errors => _errors.Lines;

    /// <summary>Starts to accept.</summary>
    public static StageListener Start(Func<ConnectionContext, Task> stage) => new(Stage.Listener(), stage);

    /// <summary>The only connection ended for a reason: record and metric agree, none lives on.</summary>
    public async Task<RecordedConnection> EndsForAsync(string reason)
    {
        var records = new ConnectionRecords(_folder.File("records"));
        var record = await records.FirstAsync(_ => true);
        Assert.True(record.Reason == reason, $"{reason} is expected: {record}");
        var metrics = await ScrapeAsync();
        Assert.Equal(1, metrics.Sum("sidecar_connections_total", $"reason=\"{reason}\""));
        Assert.Equal(1, metrics.Sum("sidecar_connections_total"));
        Assert.Equal(0, metrics.Sum("sidecar_connections_active"));
        return record;
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        _loops.Dispose();
        await _reporter.DisposeAsync();
        _bridge.Dispose();
        _sockets.Dispose();
        _loggers.Dispose();
        _folder.Dispose();
    }

    private async Task<MetricsPage> ScrapeAsync() => new(await _bridge.PageAsync());
}
