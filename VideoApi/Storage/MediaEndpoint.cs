using System.IO.Compression;
using Microsoft.Net.Http.Headers;
using VideoApi.Media;

namespace VideoApi.Storage;

/// <summary>
/// <c>GET /hls/{path}</c>: a file, with ranges and conditional requests (RFC 9110 sections 13 and 14). Playlists are
/// compressed for clients that accept gzip.
/// </summary>
internal static partial class MediaEndpoint
{
    // A day without asking again for a part of a finished film; a film that is encoded again is played by then.
    private const string Immutable = "public, max-age=86400, immutable";

    // Asked for again each time, which costs a 304.
    private const string Revalidated = "no-cache";

    // A playlist that is written while it is read is read again, but not for ever.
    private const int Attempts = 3;

    /// <summary>Maps the endpoint.</summary>
    public static void MapMedia(this WebApplication app) =>
        app.MapMethods("/hls/{**path}", [HttpMethods.Get, HttpMethods.Head], async (HttpContext context, MediaFolder folder, FinishedFilms films, TimeProvider time) =>
        {
            context.Response.Headers.CacheControl = "no-store";
            if (!MediaPath.TrySplit(context.Request.Path.Value, out var names) || folder.Open(names) is not { } file)
                return (IResult)TypedResults.NotFound();
            context.Response.OnStarting(() => ForbidCachingOfErrors(context.Response));
            return file.Type.IsPlaylist && file.FitsInMemory
                ? await PlaylistAsync(context, folder, names, file, time.GetUtcNow())
                : await SegmentAsync(context, names, file, films, time.GetUtcNow(), app.Logger);
        });

    // A range or a condition that fails (416, 412) is known only when the answer is written.
    private static Task ForbidCachingOfErrors(HttpResponse response)
    {
        if (response.StatusCode >= StatusCodes.Status400BadRequest)
            response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    private static async Task<IResult> SegmentAsync(
        HttpContext context, string[] names, MediaFile file, FinishedFilms films, DateTimeOffset now, ILogger logger)
    {
        context.Response.Headers.CacheControl = !file.Type.IsPlaylist && await films.HasAsync(names, file) ? Immutable : Revalidated;
        context.Response.OnCompleted(() =>
        {
            if (file.Content.Shrank is { } shrank)
                LogShrank(logger, context.Request.Path, shrank.Message);
            return Task.CompletedTask;
        });
        Preconditions.Settle(context.Request, file, now);
        return TypedResults.Stream(file.Content, file.Type.ContentType, lastModified: Date(file, now),
            entityTag: new EntityTagHeaderValue(file.ETag), enableRangeProcessing: true);
    }

    // Read whole, so that its tag and its lines are of one version, even while an encoder writes the next.
    private static async Task<IResult> PlaylistAsync(HttpContext context, MediaFolder folder, string[] names, MediaFile file, DateTimeOffset now)
    {
        var headers = context.Response.Headers;
        var bytes = await file.ReadAsync(context.RequestAborted);
        for (var attempt = 1; !file.IsUnchanged() && attempt < Attempts; attempt++)
        {
            await file.DisposeAsync();
            if (folder.Open(names) is not { } next)
                return TypedResults.NotFound();
            file = next;
            bytes = await file.ReadAsync(context.RequestAborted);
        }

        await file.DisposeAsync();
        headers.CacheControl = Revalidated;
        headers.Vary = HeaderNames.AcceptEncoding;
        Preconditions.Settle(context.Request, file, now);
        if (!WantsGzip(context.Request))
            return TypedResults.Bytes(bytes, file.Type.ContentType, lastModified: Date(file, now), entityTag: new EntityTagHeaderValue(file.ETag), enableRangeProcessing: true);
        headers.ContentEncoding = "gzip";
        return TypedResults.Bytes(Compress(bytes), file.Type.ContentType, lastModified: Date(file, now), entityTag: file.WeakETag);
    }

    private static DateTimeOffset? Date(MediaFile file, DateTimeOffset now) => file.IsDateTold(now) ? file.LastModified : null;

    private static byte[] Compress(byte[] bytes)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return compressed.ToArray();
    }

    // A range counts plain bytes. RFC 9110 section 12.5.3: an explicit coding takes precedence over "*".
    private static bool WantsGzip(HttpRequest request)
    {
        if (request.Headers.Range.Count > 0
            || !StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out var codings))
            return false;
        var gzip = codings.FirstOrDefault(coding => coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase))
            ?? codings.FirstOrDefault(coding => coding.Value == "*");
        return gzip is not null && gzip.Quality is not 0;
    }

    [LoggerMessage(12, LogLevel.Warning, "{Path}: the answer was cut: {Reason}")]
    private static partial void LogShrank(ILogger logger, string path, string reason);
}
