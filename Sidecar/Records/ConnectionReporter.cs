using Chassis.Records;
using Oracle.Protocol;
using Sidecar.Relay;
using Sidecar.Telemetry;

namespace Sidecar.Records;

/// <summary>Writes a record of each ended connection, if records are wanted.</summary>
internal sealed class ConnectionReporter : IAsyncDisposable
{
    private readonly JsonLineSink<ConnectionRecord>? _sink;
    private readonly TimeProvider _time;

    public ConnectionReporter(JsonLineSink<ConnectionRecord>? sink, SidecarMetrics metrics, TimeProvider time)
    {
        (_sink, _time) = (sink, time);
        if (sink is not null)
            metrics.ObserveDroppedRecords("connections", () => sink.Dropped);
    }

    public ValueTask WriteAsync(ConnectionReport report, Ending ending, TimeSpan duration) => _sink?.WriteAsync(new ConnectionRecord(
        Time: _time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"),
        Id: report.Id.ToString(),
        Listener: report.Listener.Name,
        Role: report.Listener.Role.Word(),
        Client: report.Client.ToString(),
        Proxy: report.Client == report.Peer ? null : report.Peer.ToString(),
        Destination: report.Destination?.ToString(),
        Upstream: report.Upstream?.ToString(),
        Transform: report.Transform?.ToString(),
        Reason: ending.Reason.Word(),
        Detail: ending.Detail,
        DurationMs: Math.Round(duration.TotalMilliseconds, 3),
        DownstreamReceived: report.Downstream.Received,
        DownstreamSent: report.Downstream.Sent,
        UpstreamReceived: report.UpstreamBytes.Received,
        UpstreamSent: report.UpstreamBytes.Sent)) ?? default;

    public ValueTask DisposeAsync() => _sink?.DisposeAsync() ?? default;
}
