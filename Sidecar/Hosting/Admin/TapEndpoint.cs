using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Taps;

namespace Sidecar.Hosting.Admin;

/// <summary><c>GET /connections/{id}/tap</c>: the first bytes of each chunk before and after the transform, while they pass.</summary>
internal static class TapEndpoint
{
    // Two connections have one id, or more if a peer uses an id again.
    private const int MaxConnections = 16;

    // As many as people watch at once; it also limits the cost.
    private const int MaxTaps = 16;

    // Kestrel's default.
    private static readonly MinDataRate SlowestReader = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

    private const int DefaultBytes = 16;
    private const int MaxSeconds = 600;

    public static IEndpointRouteBuilder MapTap(this IEndpointRouteBuilder routes)
    {
        var registry = routes.ServiceProvider.GetRequiredService<ConnectionRegistry>();
        var time = routes.ServiceProvider.GetRequiredService<TimeProvider>();
        var places = new SemaphoreSlim(MaxTaps);
        routes.MapGet("/connections/{id}/tap", (string id, string? bytes, string? seconds) =>
        {
            if (Parse(bytes, DefaultBytes, Tap.MaxBytes) is not { } shown)
                return Problems.Of(StatusCodes.Status400BadRequest, $"bytes '{bytes}': a whole number 1 to {Tap.MaxBytes} is expected");
            if (Parse(seconds, MaxSeconds, MaxSeconds) is not { } limit)
                return Problems.Of(StatusCodes.Status400BadRequest, $"seconds '{seconds}': a whole number 1 to {MaxSeconds} is expected");
            var found = ConnectionId.TryParse(id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase), out var name) ? registry.Find(name) : [];
            if (found.Count == 0)
                return Problems.Of(StatusCodes.Status404NotFound, "no live connection has this id");
            var relaying = found.Where(report => report.Relay is not null).OrderBy(report => report.Opened).Take(MaxConnections).ToList();
            if (relaying.Count == 0)
                return Problems.Of(StatusCodes.Status409Conflict, $"nothing is relayed yet: the connection's state is {found[0].State().Word()}");
            return new TapResult(new TapSession(relaying, shown, TimeSpan.FromSeconds(limit), time), places);
        });
        return routes;
    }

    private static int? Parse(string? text, int fallback, int most) =>
        text is null ? fallback
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most ? number
        : null;

    private sealed class TapResult(TapSession session, SemaphoreSlim places) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            if (!await places.WaitAsync(TimeSpan.Zero))
            {
                await Problems.Of(StatusCodes.Status503ServiceUnavailable, $"{MaxTaps} taps are open, which is the limit").ExecuteAsync(httpContext);
                return;
            }

            try
            {
                // A person reads the text and can pause. There are few taps, and each ends by itself.
                if (httpContext.Features.Get<IHttpMinResponseDataRateFeature>() is { } reading)
                    reading.MinDataRate = SlowestReader;
                httpContext.Response.ContentType = "text/plain; charset=utf-8";
                httpContext.Response.Headers.CacheControl = "no-store";
                httpContext.Response.Headers.XContentTypeOptions = "nosniff";
                // A reader that does not read would keep the connection for as long as the server waits for it.
                if (!await session.RunAsync(httpContext.Response.BodyWriter, httpContext.RequestAborted))
                    httpContext.Abort();
            }
            catch (OperationCanceledException)
            {
                // The reader has left. The end of the process is not announced, because a drain ends all connections first.
            }
            finally
            {
                places.Release();
            }
        }
    }
}
