using Microsoft.Net.Http.Headers;

namespace VideoApi.Storage;

/// <summary>
/// Removes the ranges and dates of a request that do not count (RFC 9110 sections 13.1 and 14.2), before the framework reads it.
/// The framework treats every unit as bytes, applies ranges to HEAD, and accepts an If-Range that it cannot read, or with a later date.
/// </summary>
internal static class Preconditions
{
    /// <summary>Keeps only what counts for a file.</summary>
    /// <param name="request">The request.</param>
    /// <param name="file">The file as it is now.</param>
    /// <param name="now">The time.</param>
    public static void Settle(HttpRequest request, MediaFile file, DateTimeOffset now)
    {
        var headers = request.Headers;
        if (!HttpMethods.IsGet(request.Method) || !IsOfBytes(headers) || !IsRangeOf(headers, file, now))
            headers.Remove(HeaderNames.Range);
        headers.Remove(HeaderNames.IfRange);
        // With a tag the date does not matter.
        if (!file.IsDateStrong(now))
            headers.Remove(HeaderNames.IfModifiedSince);
    }

    // A range with an unknown unit is the same as no range.
    private static bool IsOfBytes(IHeaderDictionary headers) => headers.Range.ToString().StartsWith("bytes=", StringComparison.OrdinalIgnoreCase);

    // A strong tag, or the exact date if it is strong. Anything else belongs to another version, or to none.
    private static bool IsRangeOf(IHeaderDictionary headers, MediaFile file, DateTimeOffset now) => headers.IfRange switch
    {
        [] => true,
        [{ } value] when value.Contains('"', StringComparison.Ordinal) => value.Trim() == file.ETag,
        [{ } value] => file.IsDateStrong(now)
            && HeaderUtilities.TryParseDate(value, out var date) && date.ToUnixTimeSeconds() == file.LastModified.ToUnixTimeSeconds(),
        _ => false,
    };
}
