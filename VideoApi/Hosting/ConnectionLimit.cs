using Chassis.Endpoints;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace VideoApi.Hosting;

/// <summary>
/// Clients' connections share places by address. A connection that gets no place is answered 503 and closed. It is closed without
/// an answer if too many wait for this answer, or if it sends no request.
/// </summary>
/// <param name="places">The places.</param>
/// <param name="metrics">Counts the connections.</param>
internal sealed class ConnectionLimit(ConnectionPlaces places, VideoMetrics metrics)
{
    // These use the descriptors that connections leave free (OpenFiles.Reserve).
    private const int RefusalsAtOnce = 64;

    // Time that a client has for its request before it is closed without an answer.
    private static readonly TimeSpan RefusalLimit = TimeSpan.FromSeconds(5);

    private readonly string _reason = $"{places.Limit} connections are being served, which is the limit\n";
    private int _refusing;

    /// <summary>Gives places to a listener's connections.</summary>
    public void Watch(ListenOptions listen)
    {
        listen.UsePlaces(places, RefuseAsync, metrics.Displaced);
        listen.Use(next => connection =>
        {
            if (connection.Features.Get<ConnectionPlace>() is not null)
                metrics.Accepted();
            return next(connection);
        });
    }

    /// <summary>
    /// Answers requests of connections without a place. Other connections keep their places while their requests are answered.
    /// </summary>
    public void Answer(IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Features.Get<Refused>() is null)
            return next(context);
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = "1";
        context.Response.Headers.Connection = "close";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = _reason.Length;
        return context.Response.WriteAsync(_reason);
    }).UsePlaces();

    private async Task RefuseAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        metrics.Refused();
        try
        {
            if (Interlocked.Increment(ref _refusing) > RefusalsAtOnce)
            {
                connection.Abort(new ConnectionAbortedException("too many connections"));
                return;
            }

            connection.Features.Set(Refused.Instance);
            using var late = new CancellationTokenSource(RefusalLimit);
            await using var abort = late.Token.Register(() => connection.Abort(new ConnectionAbortedException("no request in time")));
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _refusing);
        }
    }

    private sealed class Refused
    {
        public static readonly Refused Instance = new();
    }
}
