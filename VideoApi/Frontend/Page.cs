using Microsoft.AspNetCore.Http.HttpResults;

namespace VideoApi.Frontend;

/// <summary>The frame of every page.</summary>
internal static class Page
{
    /// <summary>A page as an answer.</summary>
    /// <param name="title">Title in the browser's tab.</param>
    /// <param name="body">The content in the middle.</param>
    /// <param name="scripts">Names of the scripts it needs, in order.</param>
    /// <param name="status">HTTP status.</param>
    public static ContentHttpResult Create(string title, Html body, string[] scripts, int status = StatusCodes.Status200OK) =>
        TypedResults.Content(Html.Of($"""
            <!doctype html>
            <html lang="en">
            <head>
              <meta charset="utf-8">
              <meta name="viewport" content="width=device-width, initial-scale=1">
              <meta name="color-scheme" content="light dark">
              <title>{title}</title>
              <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
              <link rel="stylesheet" href="/assets/site.css">
              {Html.Join(scripts.Select(script => Html.Of($"<script src=\"/assets/{script}\" defer></script>")))}
            </head>
            <body>
              <header><a href="/">Videos</a></header>
              <main>
            {body}
              </main>
            </body>
            </html>

            """).Text, "text/html; charset=utf-8", statusCode: status);
}
