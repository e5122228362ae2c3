using Microsoft.AspNetCore.Http.HttpResults;
using VideoApi.Hosting;

namespace VideoApi.Forwarding;

/// <summary>The body of an error answer: <c>{"error":"video not found"}</c>.</summary>
/// <param name="Error">What went wrong.</param>
internal sealed record ApiError(string Error)
{
    /// <summary>An answer with that body.</summary>
    public static JsonHttpResult<ApiError> Answer(string error, int status) =>
        TypedResults.Json(new ApiError(error), VideoJson.Default.ApiError, statusCode: status);
}
