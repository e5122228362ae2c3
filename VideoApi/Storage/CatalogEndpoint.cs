using Microsoft.AspNetCore.Http.HttpResults;

namespace VideoApi.Storage;

/// <summary><c>GET /catalog.json</c>: the list of videos.</summary>
internal static class CatalogEndpoint
{
    /// <summary>Maps the endpoint.</summary>
    public static void MapCatalog(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/catalog.json", [HttpMethods.Get, HttpMethods.Head], GetAsync);

    private static async Task<Ok<IReadOnlyList<CatalogEntry>>> GetAsync(HttpContext context, Catalog catalog)
    {
        context.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Ok(await catalog.GetAsync(context.RequestAborted));
    }
}
