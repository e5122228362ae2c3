using System.Net.Http.Headers;

namespace VideoApi.Forwarding;

/// <summary>
/// The headers that pass from one side to the other: those that mean something for a media file. All others stay
/// behind, and so the hop-by-hop ones too (RFC 9110 section 7.6.1).
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

    /// <summary>Copies what a client asks for.</summary>
    public static void Copy(IHeaderDictionary from, HttpRequestHeaders to)
    {
        foreach (var name in OfRequest)
        {
            if (from.TryGetValue(name, out var values))
                to.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
    }

    /// <summary>Copies what the answer says of itself.</summary>
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
