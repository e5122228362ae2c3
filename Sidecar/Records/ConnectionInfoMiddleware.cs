using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Handshakes;
using Sidecar.Net;
using Sidecar.Options;

namespace Sidecar.Records;

/// <summary>
/// The first stage of every pipeline: opens the report, refuses a connection above a limit, and accounts for the connection when
/// it is closed, however it ended.
/// </summary>
internal sealed partial class ConnectionInfoMiddleware(
    ConnectionDelegate next, ListenerOptions listener, TimeoutOptions timeouts, ConnectionRegistry registry, ConnectionReporter reporter,
    TimeProvider time, ILogger<ConnectionInfoMiddleware> logger)
{
    /// <summary>
    /// Completes when the connection is accounted for; at the end of the process, that can be before its last stage returns.
    /// </summary>
    public Task OnConnectionAsync(ConnectionContext connection)
    {
        var client = new ClientAddress(NetworkAddress.Canonical((IPEndPoint)connection.RemoteEndPoint!));
        var info = new ConnectionInfo(listener, timeouts, client, connection, time.GetTimestamp());
        connection.Features.Set(info);
        _ = RunAsync(connection, info);
        return info.Accounted;
    }

    private async Task RunAsync(ConnectionContext connection, ConnectionInfo info)
    {
        try
        {
            if (registry.TryAdd(info))
                await next(connection);
        }
        catch (Exception error) when (info.IsAborted)
        {
            Log.Cut(logger, info.Id, info.Client, error.Message);
        }
        catch (Exception bug)
        {
            info.End(RelayEndReason.InternalError, bug.Message);
            connection.Abort();
            Log.Bug(logger, bug, info.Id, info.Client);
        }
        finally
        {
            if (IsRefusedUntold(connection, info))
                connection.Abort();
            await CloseAsync(connection, info);
            await reporter.EndedAsync(info);
        }
    }

    // A stage refused it before the relay, and no protocol had an answer for that: then a reset, as from a host that does not
    // accept. An orderly end would look like an empty answer of the service.
    private static bool IsRefusedUntold(ConnectionContext connection, ConnectionInfo info) =>
        info is { Failure: not null, Relay: null } && connection.Features.Get<DownstreamAnswer>() is not { IsSent: true };

    // Bytes that were already sent have the half-closed limit to reach the client; a client that takes nothing must not keep the socket.
    private async ValueTask CloseAsync(ConnectionContext connection, ConnectionInfo info)
    {
        var closing = connection.DisposeAsync();
        if (closing.IsCompletedSuccessfully)
            return;
        try
        {
            await closing.AsTask().WaitAsync(info.Timeouts.HalfClosed, time);
        }
        catch (TimeoutException)
        {
            info.Abort(RelayEndReason.HalfClosedTimeout, "the client does not take what was sent");
        }
        catch (Exception bug)
        {
            info.End(RelayEndReason.InternalError, bug.Message);
            Log.Bug(logger, bug, info.Id, info.Client);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Connection {Id} of {Client} ended by a bug")]
        public static partial void Bug(ILogger logger, Exception bug, ConnectionId id, ClientAddress client);

        [LoggerMessage(3, LogLevel.Debug, "Connection {Id} of {Client} was cut in the middle of a step: {Error}")]
        public static partial void Cut(ILogger logger, ConnectionId id, ClientAddress client, string error);
    }
}

internal static class ConnectionInfoMiddlewareExtensions
{
    /// <summary>Sets the <see cref="ConnectionInfo"/> feature and accounts for the connection at its end.</summary>
    public static IConnectionBuilder UseConnectionInfo(
        this IConnectionBuilder builder, ListenerOptions listener, TimeoutOptions timeouts, ConnectionRegistry registry, ConnectionReporter reporter,
        TimeProvider time, ILogger<ConnectionInfoMiddleware> logger) =>
        builder.Use(next => new ConnectionInfoMiddleware(next, listener, timeouts, registry, reporter, time, logger).OnConnectionAsync);
}
