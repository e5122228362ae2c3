using Microsoft.AspNetCore.Http;

namespace Sidecar.Hosting.Admin;

/// <summary>What was wrong with a request (RFC 9457).</summary>
internal sealed record ProblemView(int Status, string Title, string Detail);

internal static class Problems
{
    /// <summary>An answer with a status and one line of explanation.</summary>
    public static IResult Of(int status, string detail) => TypedResults.Json(
        new ProblemView(status, Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status), detail),
        AdminJson.Default.ProblemView,
        "application/problem+json",
        status);
}
