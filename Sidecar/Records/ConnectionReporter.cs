using Chassis;
using Chassis.Records;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Net;
using Sidecar.Telemetry;

namespace Sidecar.Records;

/// <summary>Accounts for each ended connection, once: registry, metrics, log and, if configured, a record.</summary>
internal sealed partial class ConnectionReporter : IReopenable, IAsyncDisposable
{
    private readonly JsonLineSink<ConnectionRecord>? _sink;
    private readonly ConnectionRegistry _registry;
    private readonly SidecarMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public ConnectionReporter(
        JsonLineSink<ConnectionRecord>? sink, ConnectionRegistry registry, SidecarMetrics metrics, RecordMetrics records, TimeProvider time, ILogger<ConnectionReporter> logger)
    {
        (_sink, _registry, _metrics, _time, _logger) = (sink, registry, metrics, time, logger);
        if (sink is not null)
            records.ObserveDropped("connections", null, ("output", () => sink.Dropped), ("client_share", () => sink.OverShare));
    }

    /// <inheritdoc/>
    public bool IsFile => _sink is { IsFile: true };

    /// <inheritdoc/>
    public Task ReopenAsync() => _sink?.ReopenAsync() ?? Task.CompletedTask;

    /// <summary>A connection has ended; only the first call for it counts.</summary>
    public ValueTask EndedAsync(ConnectionInfo info) => _registry.TryEnd(info) is { } ending ? AccountAsync(info, ending) : default;

    public ValueTask DisposeAsync() => _sink?.DisposeAsync() ?? default;

    private async ValueTask AccountAsync(ConnectionInfo info, Ending ending)
    {
        Exception? failure = null;
        try
        {
            var duration = _time.GetElapsedTime(info.Opened);
            _metrics.ConnectionEnded(info.Listener, duration);
            // An id is made only if it is needed.
            if (_logger.IsEnabled(LogLevel.Debug))
                Log.Ended(_logger, info.Id, info.Listener.Role.Word(), info.Client, ending.Reason.Word(), BoundedText.Of(ending.Detail), BoundedText.Of(info.Transform));
            if (_sink is not null)
                await _sink.WriteAsync(Record(info, ending, duration), info.Client.Host);
        }
        catch (Exception bug)
        {
            // The transport, which waits for this, logs it.
            failure = bug;
        }

        info.MarkAccounted(failure);
    }

    private ConnectionRecord Record(ConnectionInfo info, Ending ending, TimeSpan duration) => new(
        Time: UtcTime.Text(_time.GetUtcNow()),
        Id: info.Id.ToString(),
        Listener: info.Listener.Name,
        Role: info.Listener.Role.Word(),
        Session: info.Session?.Word(),
        Client: info.Client.ToString(),
        Proxy: info.Client == info.Peer ? null : info.Peer.ToString(),
        Destination: info.Destination?.ToString(),
        Name: info.Name,
        Upstream: info.Upstream?.ToString(),
        Transform: BoundedText.Of(info.Transform),
        Reason: ending.Reason.Word(),
        Detail: BoundedText.Of(ending.Detail),
        Unobserved: info.Unobserved,
        DurationMs: Math.Round(duration.TotalMilliseconds, 3),
        DownstreamReceived: info.Downstream.Received,
        DownstreamSent: info.Downstream.Sent,
        UpstreamReceived: info.UpstreamBytes.Received,
        UpstreamSent: info.UpstreamBytes.Sent);

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Debug, "Connection {Id} ({Role}) of {Client} ended: {Reason} {Detail}, transform {Transform}")]
        public static partial void Ended(ILogger logger, ConnectionId id, string role, ClientAddress client, string reason, string? detail, string? transform);
    }
}
