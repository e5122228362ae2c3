using Microsoft.AspNetCore.Http.HttpResults;
using VideoApi.Backend;
using VideoApi.Forwarding;

namespace VideoApi.Frontend;

/// <summary><c>GET /</c>, the list of videos, and <c>GET /video/{id}</c>, the player.</summary>
internal static partial class PagesEndpoint
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps both pages.</summary>
    public static void MapPages(this WebApplication app)
    {
        var pages = app.MapGroup("").AddEndpointFilter(async (call, next) =>
        {
            try
            {
                call.HttpContext.Response.Headers.CacheControl = "no-cache";
                return await next(call);
            }
            catch (UpstreamException error)
            {
                LogNoVideos(app.Logger, error.Message);
                return ErrorPage.Create(StatusCodes.Status502BadGateway, "The videos are not available", $"What failed: {error.Message}.");
            }
        });
        pages.MapMethods("/", Methods, IndexAsync);
        pages.MapMethods("/video/{id}", Methods, VideoAsync);
    }

    private static async Task<ContentHttpResult> IndexAsync(BackendClient backend, CancellationToken cancellation)
    {
        var videos = await backend.ListAsync(cancellation);
        var body = videos.Count == 0
            ? Html.Of($"<p>There are no videos yet.</p>")
            : Html.Of($"<ul class=\"videos\">{Html.Join(videos.Select(Card))}</ul>");
        return Page.Create("Videos", Html.Of($"<h1>Videos</h1>{body}"), scripts: []);
    }

    private static async Task<ContentHttpResult> VideoAsync(string id, BackendClient backend, CancellationToken cancellation)
    {
        if (await backend.FindAsync(id, cancellation) is not { } video)
            return ErrorPage.Create(StatusCodes.Status404NotFound, "No such video", $"There is no video \"{id}\".");
        return Page.Create(video.Title, Html.Of($"""
                <h1>{video.Title}</h1>
                <video controls playsinline data-playlist="{BackendClient.PlaylistPath(video)}" data-worker="/assets/hls.worker.js"></video>
                <p id="message" role="alert" hidden></p>
                <noscript><p>The player needs JavaScript.</p></noscript>
                <p class="facts">{Length(video)}</p>
            """), scripts: ["hls.min.js", "player.js"]);
    }

    private static Html Card(Video video) => Html.Of(
        $"<li><a href=\"/video/{Uri.EscapeDataString(video.Id)}\"><span class=\"play\" aria-hidden=\"true\"></span><strong>{video.Title}</strong><span class=\"facts\">{Length(video)}</span></a></li>");

    private static string Length(Video video) => TimeSpan.FromSeconds(video.Duration) switch
    {
        { TotalHours: >= 1 } whole => $"{(long)whole.TotalHours}:{whole:mm\\:ss}",
        var brief => $"{brief:m\\:ss}",
    };

    [LoggerMessage(40, LogLevel.Warning, "no videos: {Reason}")]
    private static partial void LogNoVideos(ILogger logger, string reason);
}
