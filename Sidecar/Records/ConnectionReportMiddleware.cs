using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Configuration;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Relay;

namespace Sidecar.Records;

/// <summary>
/// The first stage of every pipeline: opens the report, refuses what is over the limit, and accounts for the connection once
/// it is closed, however it ended.
/// </summary>
internal sealed partial class ConnectionReportMiddleware(
    ConnectionDelegate next, ListenerOptions listener, SidecarOptions options, ConnectionRegistry registry, ConnectionReporter reporter, DrainLimit drain,
    TimeProvider time, ILogger<ConnectionReportMiddleware> logger)
{
    // For a relay to reset both sides; a stage that waits for others longer than that ends with the process.
    private static readonly TimeSpan AbortLimit = TimeSpan.FromMilliseconds(500);

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var client = new ClientAddress(NetworkAddress.Canonical((IPEndPoint)connection.RemoteEndPoint!));
        var report = new ConnectionReport(listener, client, time.GetTimestamp());
        connection.Features.Set(report);
        try
        {
            if (registry.TryAdd(report))
                await RunStagesAsync(connection, report);
        }
        catch (Exception bug)
        {
            report.End(RelayEndReason.InternalError, bug.Message);
            Log.Bug(logger, bug, report.Id, report.Client);
        }
        finally
        {
            await CloseAsync(connection, report);
            await reporter.EndedAsync(report);
        }
    }

    private async Task RunStagesAsync(ConnectionContext connection, ConnectionReport report)
    {
        var stages = next(connection);
        try
        {
            await stages.WaitAsync(drain.Over);
        }
        catch (OperationCanceledException) when (drain.Over.IsCancellationRequested)
        {
            report.End(RelayEndReason.Draining, "the drain time is over");
            connection.Abort(new ConnectionAbortedException("The drain time is over."));
            await Task.WhenAny(stages, Task.Delay(AbortLimit, time, CancellationToken.None));
            if (stages.IsCompleted)
                await stages;
        }
    }

    // What was already sent gets the half-closed limit to reach the client; a client that takes nothing must not keep the socket.
    private async Task CloseAsync(ConnectionContext connection, ConnectionReport report)
    {
        try
        {
            await connection.DisposeAsync().AsTask().WaitAsync(options.Timeouts.HalfClosed, time);
        }
        catch (TimeoutException)
        {
            report.End(RelayEndReason.HalfClosedTimeout, "the client does not take what was sent");
            connection.Abort(new ConnectionAbortedException("The client does not take what was sent."));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Connection {Id} of {Client} ended by a bug")]
        public static partial void Bug(ILogger logger, Exception bug, ConnectionId id, ClientAddress client);
    }
}

internal static class ConnectionReportMiddlewareExtensions
{
    /// <summary>Sets the <see cref="ConnectionReport"/> feature and accounts for the connection at its end.</summary>
    public static IConnectionBuilder UseConnectionReport(
        this IConnectionBuilder builder, ListenerOptions listener, SidecarOptions options, ConnectionRegistry registry, ConnectionReporter reporter,
        DrainLimit drain, TimeProvider time, ILogger<ConnectionReportMiddleware> logger) =>
        builder.Use(next => new ConnectionReportMiddleware(next, listener, options, registry, reporter, drain, time, logger).OnConnectionAsync);
}
