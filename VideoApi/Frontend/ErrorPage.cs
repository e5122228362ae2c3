using Microsoft.AspNetCore.Http.HttpResults;

namespace VideoApi.Frontend;

/// <summary>A page that shows an error.</summary>
internal static class ErrorPage
{
    /// <summary>The page with its status.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="title">The error in a few words.</param>
    /// <param name="reason">Its reason.</param>
    public static ContentHttpResult Create(int status, string title, string reason) => Page.Create(title, Html.Of($"""
            <h1>{title}</h1>
            <p>{reason}</p>
            <p><a href="/">All videos</a></p>
        """), scripts: [], status);
}
