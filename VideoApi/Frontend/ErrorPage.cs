using Microsoft.AspNetCore.Http.HttpResults;

namespace VideoApi.Frontend;

/// <summary>A page that says what went wrong.</summary>
internal static class ErrorPage
{
    /// <summary>The page with its status.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="title">What it is, in a few words.</param>
    /// <param name="reason">What failed.</param>
    public static ContentHttpResult Create(int status, string title, string reason) => Page.Create(title, Html.Of($"""
            <h1>{title}</h1>
            <p>{reason}</p>
            <p><a href="/">All videos</a></p>
        """), scripts: [], status);
}
