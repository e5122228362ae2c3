namespace VideoApi.Forwarding;

/// <summary>The body of an error answer: <c>{"error":"video not found"}</c>.</summary>
/// <param name="Error">What went wrong.</param>
internal sealed record ApiError(string Error);
