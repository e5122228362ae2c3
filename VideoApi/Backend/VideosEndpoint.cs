using Microsoft.AspNetCore.Http.HttpResults;
using VideoApi.Forwarding;

namespace VideoApi.Backend;

/// <summary><c>GET /api/videos</c> and <c>GET /api/videos/{id}</c>.</summary>
internal static partial class VideosEndpoint
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps both endpoints.</summary>
    public static void MapVideos(this WebApplication app)
    {
        var videos = app.MapGroup("/api/videos").AddEndpointFilter(async (call, next) =>
        {
            try
            {
                call.HttpContext.Response.Headers.CacheControl = "no-cache";
                return await next(call);
            }
            catch (UpstreamException error)
            {
                LogNoCatalogue(app.Logger, error.Message);
                return ApiError.Answer(error.Message, StatusCodes.Status502BadGateway);
            }
        });
        videos.MapMethods("", Methods, ListAsync);
        videos.MapMethods("/{id}", Methods, FindAsync);
    }

    private static async Task<Ok<IReadOnlyList<Video>>> ListAsync(VideoCatalog catalog, CancellationToken cancellation) =>
        TypedResults.Ok(await catalog.ListAsync(cancellation));

    private static async Task<Results<Ok<Video>, NotFound<ApiError>>> FindAsync(string id, VideoCatalog catalog, CancellationToken cancellation) =>
        await catalog.FindAsync(id, cancellation) is { } video
            ? TypedResults.Ok(video)
            : TypedResults.NotFound(new ApiError("video not found"));

    [LoggerMessage(30, LogLevel.Warning, "no catalogue: {Reason}")]
    private static partial void LogNoCatalogue(ILogger logger, string reason);
}
