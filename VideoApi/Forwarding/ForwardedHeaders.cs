using System.Net.Http.Headers;

namespace VideoApi.Forwarding;

/// <summary>
/// The headers that are passed on: those that matter for a media file. All others are dropped, and so the
/// hop-by-hop headers too (RFC 9110 section 7.6.1).
/// </summary>
internal static class ForwardedHeaders
{
    private static readonly string[] OfRequest =
    [
        "Accept", "Accept-Encoding", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Range",
    ];

    private static readonly string[] OfResponse =
    [
        "Accept-Ranges", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Age", "Cache-Control", "ETag", "Retry-After", "Vary",
    ];

    private static readonly string[] OfContent =
    [
        "Allow", "Content-Encoding", "Content-Language", "Content-Range", "Content-Type", "Expires", "Last-Modified",
    ];

    /// <summary>Copies the headers of a client's request.</summary>
    public static void Copy(IHeaderDictionary from, HttpRequestHeaders to)
    {
        foreach (var name in OfRequest)
        {
            if (from.TryGetValue(name, out var values))
                to.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
    }

    /// <summary>Copies the headers of an answer.</summary>
    public static void Copy(HttpResponseMessage from, IHeaderDictionary to)
    {
        Copy(from.Headers.NonValidated, OfResponse, to);
        Copy(from.Content.Headers.NonValidated, OfContent, to);
        to.ContentLength = from.Content.Headers.ContentLength;
    }

    private static void Copy(HttpHeadersNonValidated from, string[] names, IHeaderDictionary to)
    {
        foreach (var name in names)
        {
            if (from.TryGetValues(name, out var values))
                to[name] = values.ToArray();
        }
    }
}
