using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chassis.Endpoints;

/// <summary>
/// <c>GET /healthz</c>: the process answers. <c>GET /readyz</c>: all listeners accept; 503 before that and from the
/// moment it is told to stop. Each answer closes its connection.
/// </summary>
public static class HealthEndpoint
{
    /// <summary>Maps both.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="detail">What a process that is ready has to say all the same, in one line; null for nothing.</param>
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes, Func<string?>? detail = null)
    {
        var lifetime = routes.ServiceProvider.GetRequiredService<IHostApplicationLifetime>();
        // A probe asks once; a kept connection would only hold a place.
        var once = routes.MapGroup("").AddEndpointFilter((context, next) =>
        {
            context.HttpContext.Response.Headers.Connection = "close";
            return next(context);
        });
        once.MapGet("/healthz", () => TypedResults.Text("ok\n"));
        once.MapGet("/readyz", Results<ContentHttpResult, StatusCodeHttpResult> () =>
            lifetime.ApplicationStarted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested
                ? TypedResults.Text(detail?.Invoke() is { } more ? $"ready\n{more}\n" : "ready\n")
                : TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable));
        return routes;
    }
}
