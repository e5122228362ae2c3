using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace VideoApi.Hosting;

/// <summary>
/// Counts clients' connections. One over the limit is answered 503 and closed; Kestrel's own limit would close it without a
/// word. While too many wait for that answer, or send no request, they are closed too.
/// </summary>
/// <param name="limit">Connections at once.</param>
/// <param name="metrics">Told of each.</param>
internal sealed class ConnectionLimit(int limit, VideoMetrics metrics)
{
    // They come out of the descriptors that connections leave (OpenFiles.Reserve).
    private const int RefusalsAtOnce = 64;

    // As long as a client may take over its request before it is closed without an answer.
    private static readonly TimeSpan RefusalLimit = TimeSpan.FromSeconds(5);

    private int _open;
    private int _refusing;

    /// <summary>Watches a listener's connections.</summary>
    public void Watch(ListenOptions listen) => listen.Use(next => connection => TakeAsync(connection, next));

    /// <summary>Answers requests of connections over the limit.</summary>
    public void Answer(WebApplication app) => app.Use((context, next) =>
    {
        if (context.Features.Get<Refused>() is null)
            return next(context);
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = "1";
        context.Response.Headers.Connection = "close";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync($"more than {limit} connections\n");
    });

    private async Task TakeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (Interlocked.Increment(ref _open) <= limit)
        {
            metrics.Accepted();
            try
            {
                await next(connection);
            }
            finally
            {
                Interlocked.Decrement(ref _open);
                metrics.Ended();
            }

            return;
        }

        Interlocked.Decrement(ref _open);
        metrics.Refused();
        await RefuseAsync(connection, next);
    }

    private async Task RefuseAsync(ConnectionContext connection, ConnectionDelegate next)
    {
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
