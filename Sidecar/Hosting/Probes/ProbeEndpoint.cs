using System.Net;
using Microsoft.AspNetCore.Http;
using Sidecar.Options;

namespace Sidecar.Hosting.Probes;

/// <summary>
/// <c>GET /probes/NAME</c>: performs a probe of the application for the kubelet, which cannot reach a redirected port. 200 if the
/// application is well, otherwise 503 with the reason.
/// </summary>
internal static class ProbeEndpoint
{
    // The kubelet ends a probe at its timeoutSeconds, by closing the connection. This is for other clients.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Maps the probes of the configuration.</summary>
    public static IEndpointRouteBuilder MapProbes(this IEndpointRouteBuilder routes, IReadOnlyDictionary<string, ProbeTarget> probes)
    {
        if (probes.Count == 0)
            return routes;
        var prober = new Prober();
        routes.MapGet("/probes/{name}", async (string name, HttpContext context) =>
        {
            context.Response.Headers.Connection = "close";
            if (!probes.TryGetValue(name, out var target))
                return TypedResults.Text($"there is no probe '{name}'; known are {string.Join(", ", probes.Keys)}\n", statusCode: StatusCodes.Status404NotFound);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            limit.CancelAfter(Limit);
            return await prober.AskAsync(target, context.Request, limit.Token) is { } reason
                ? TypedResults.Text($"{reason}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
                : TypedResults.Text("ok\n");
        });
        return routes;
    }
}
