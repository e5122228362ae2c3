using Microsoft.Net.Http.Headers;

namespace VideoApi.Storage;

/// <summary>
/// Takes out of a request the ranges and dates that do not count (RFC 9110 sections 13.1 and 14.2), before the framework looks:
/// it takes every unit for bytes, gives ranges to HEAD, and takes an If-Range that it cannot read, or with a later date, for one that holds.
/// </summary>
internal static class Preconditions
{
    /// <summary>Leaves what counts for a file.</summary>
    /// <param name="request">The request.</param>
    /// <param name="file">The file as it is.</param>
    /// <param name="now">The time.</param>
    public static void Settle(HttpRequest request, MediaFile file, DateTimeOffset now)
    {
        var headers = request.Headers;
        if (!HttpMethods.IsGet(request.Method) || !IsOfBytes(headers) || !IsRangeOf(headers, file, now))
            headers.Remove(HeaderNames.Range);
        headers.Remove(HeaderNames.IfRange);
        // With a tag the date has no say anyway.
        if (!file.IsDateStrong(now))
            headers.Remove(HeaderNames.IfModifiedSince);
    }

    // A unit that is not known is as no range at all.
    private static bool IsOfBytes(IHeaderDictionary headers) => headers.Range.ToString().StartsWith("bytes=", StringComparison.OrdinalIgnoreCase);

    // A strong tag, or the very date, where that is strong. Anything else is of another version, or of none.
    private static bool IsRangeOf(IHeaderDictionary headers, MediaFile file, DateTimeOffset now) => headers.IfRange switch
    {
        [] => true,
        [{ } value] when value.Contains('"', StringComparison.Ordinal) => value.Trim() == file.ETag,
        [{ } value] => file.IsDateStrong(now)
            && HeaderUtilities.TryParseDate(value, out var date) && date.ToUnixTimeSeconds() == file.LastModified.ToUnixTimeSeconds(),
        _ => false,
    };
}
