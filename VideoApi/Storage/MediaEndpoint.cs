using System.IO.Compression;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using VideoApi.Media;

namespace VideoApi.Storage;

/// <summary>
/// <c>GET /hls/{path}</c>: a file, with ranges and conditional requests (RFC 9110 sections 13 and 14). Playlists are
/// compressed for those who accept gzip.
/// </summary>
internal static class MediaEndpoint
{
    /// <summary>Maps it.</summary>
    public static void MapMedia(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/hls/{**path}", [HttpMethods.Get, HttpMethods.Head], GetAsync);

    private static async Task<Results<FileStreamHttpResult, FileContentHttpResult, NotFound>> GetAsync(HttpContext context, MediaFolder folder)
    {
        var headers = context.Response.Headers;
        // A file that is missing now may be there in a moment.
        headers.CacheControl = "no-store";
        IgnoreForeignRangeUnit(context.Request.Headers);
        if (!MediaPath.TrySplit(context.Request.Path.Value, out var names) || folder.Open(names) is not { } file)
            return TypedResults.NotFound();

        // A playlist is asked for again each time, which costs a 304; a segment never changes.
        headers.CacheControl = file.Type.IsPlaylist ? "no-cache" : "public, max-age=31536000, immutable";
        context.Response.OnStarting(() => ForbidCachingOfErrors(context.Response));
        if (file.Type.IsPlaylist)
            headers.Vary = HeaderNames.AcceptEncoding;
        if (file.Type.IsPlaylist && file.FitsInMemory && WantsGzip(context.Request))
            return await CompressAsync(file, headers, context.RequestAborted);
        return TypedResults.Stream(file.Content, file.Type.ContentType, lastModified: file.LastModified,
            entityTag: new EntityTagHeaderValue(file.ETag), enableRangeProcessing: true);
    }

    // A range or a condition that does not hold (416, 412) is found out only when the answer is written.
    private static Task ForbidCachingOfErrors(HttpResponse response)
    {
        if (response.StatusCode >= StatusCodes.Status400BadRequest)
            response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    private static async Task<FileContentHttpResult> CompressAsync(MediaFile file, IHeaderDictionary headers, CancellationToken cancellation)
    {
        await using var opened = file;
        var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
            await gzip.WriteAsync(await file.ReadAsync(cancellation), cancellation);
        headers.ContentEncoding = "gzip";
        return TypedResults.Bytes(compressed.ToArray(), file.Type.ContentType, lastModified: file.LastModified, entityTag: file.WeakETag);
    }

    // RFC 9110 section 14.2: a unit that is not known is as no range at all. The framework takes every unit for bytes.
    private static void IgnoreForeignRangeUnit(IHeaderDictionary headers)
    {
        if (!headers.Range.ToString().StartsWith("bytes=", StringComparison.OrdinalIgnoreCase))
            headers.Remove(HeaderNames.Range);
    }

    // A range is one of the plain bytes. RFC 9110 section 12.5.3: a coding named outright counts before "*".
    private static bool WantsGzip(HttpRequest request)
    {
        if (request.Headers.Range.Count > 0
            || !StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out var codings))
            return false;
        var gzip = codings.FirstOrDefault(coding => coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase))
            ?? codings.FirstOrDefault(coding => coding.Value == "*");
        return gzip is not null && gzip.Quality is not 0;
    }
}
