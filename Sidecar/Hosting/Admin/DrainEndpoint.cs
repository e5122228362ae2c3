using Microsoft.AspNetCore.Http;
using Sidecar.Connections;
using Sidecar.Options;

namespace Sidecar.Hosting.Admin;

/// <summary><c>POST /drain</c>: the same as SIGTERM, except that it does not count as the first of two signals.</summary>
internal static class DrainEndpoint
{
    public static IEndpointRouteBuilder MapDrain(this IEndpointRouteBuilder routes)
    {
        var options = routes.ServiceProvider.GetRequiredService<CurrentOptions>();
        var registry = routes.ServiceProvider.GetRequiredService<ConnectionRegistry>();
        var drain = routes.ServiceProvider.GetRequiredService<Drain>();
        routes.MapPost("/drain", () =>
        {
            drain.Begin();
            return TypedResults.Json(
                new DrainView(registry.Count, (long)(options.Value.DrainDelay + options.Value.Drain).TotalMilliseconds), AdminJson.Default.DrainView, null, StatusCodes.Status202Accepted);
        });
        return routes;
    }
}

/// <summary>The connections that a drain waits for.</summary>
/// <param name="Connections">The number of live ones.</param>
/// <param name="DrainMs">The time that they have, in milliseconds from the start of the drain, with the drain delay.</param>
internal sealed record DrainView(int Connections, long DrainMs);
