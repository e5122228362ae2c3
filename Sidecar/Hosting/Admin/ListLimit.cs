using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Sidecar.Hosting.Admin;

/// <summary>The parameter <c>?limit=</c> of lists.</summary>
internal static class ListLimit
{
    // Some 400 bytes each, at most 2 KB: enough to look at, and no burden for a busy process.
    private const int Default = 1000;
    private const int Max = 10_000;

    /// <summary>The most elements of an answer; null if the text is wrong.</summary>
    public static int? Parse(string? text) =>
        text is null ? Default
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= Max ? limit
        : null;

    /// <summary>The answer to a wrong text.</summary>
    public static IResult Wrong(string? text) => Problems.Of(StatusCodes.Status400BadRequest, $"limit '{text}': a whole number 1 to {Max} is expected");
}
