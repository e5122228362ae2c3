using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chassis.Endpoints;

/// <summary>
/// <c>GET /healthz</c>: the process answers. <c>GET /readyz</c>: all listeners accept and what they need is there; 503 before
/// that and from the moment it is told to stop. Each answer closes its connection.
/// </summary>
public static class HealthEndpoint
{
    /// <summary>Maps both.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="detail">What a process that is ready has to say all the same, in one line; null for nothing.</param>
    /// <param name="notReady">What it still waits for, in one line; null once nothing is missing.</param>
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes, Func<string?>? detail = null, Func<string?>? notReady = null)
    {
        var lifetime = routes.ServiceProvider.GetRequiredService<IHostApplicationLifetime>();
        // A probe asks once; a kept connection would only hold a place.
        var once = routes.MapGroup("").AddEndpointFilter((context, next) =>
        {
            context.HttpContext.Response.Headers.Connection = "close";
            return next(context);
        });
        once.MapGet("/healthz", () => TypedResults.Text("ok\n"));
        once.MapGet("/readyz", () => (NotReady(lifetime) ?? notReady?.Invoke()) is { } reason
            ? TypedResults.Text($"not ready: {reason}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : TypedResults.Text(detail?.Invoke() is { } more ? $"ready\n{more}\n" : "ready\n"));
        return routes;
    }

    private static string? NotReady(IHostApplicationLifetime lifetime) =>
        lifetime.ApplicationStopping.IsCancellationRequested ? "stopping"
        : lifetime.ApplicationStarted.IsCancellationRequested ? null
        : "starting";
}
