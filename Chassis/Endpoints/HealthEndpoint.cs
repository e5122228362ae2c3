using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chassis.Endpoints;

/// <summary>
/// <c>GET /healthz</c>: the process answers. <c>GET /readyz</c>: all listeners accept and nothing that they need is missing; 503
/// before that, and after the process was asked to stop. Each answer closes its connection.
/// </summary>
public static class HealthEndpoint
{
    /// <summary>Maps both endpoints.</summary>
    /// <param name="routes">The routes to add them to.</param>
    /// <param name="detail">One line that a ready process adds to its answer; null for none.</param>
    /// <param name="notReady">One line that says what the process waits for; null when nothing is missing.</param>
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes, Func<string?>? detail = null, Func<string?>? notReady = null)
    {
        var lifetime = routes.ServiceProvider.GetRequiredService<IHostApplicationLifetime>();
        // A probe asks once; a connection that is kept open would only take a place.
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
