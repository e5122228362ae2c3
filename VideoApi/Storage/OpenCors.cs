namespace VideoApi.Storage;

/// <summary>
/// Lets scripts of every origin read every answer, errors too. The framework's own CORS middleware answers only to
/// requests with an Origin header; a cache would keep that answer without the permission and give it to a script.
/// </summary>
internal static partial class OpenCors
{
    /// <summary>Adds the permission to every answer and answers the preflight requests.</summary>
    public static WebApplication UseOpenCors(this WebApplication app)
    {
        app.Use(async (context, next) =>
        {
            AddPermission(context.Response.Headers);
            if (HttpMethods.IsOptions(context.Request.Method))
                AnswerPreflight(context.Response);
            else
                await RunAsync(context, next, app.Logger);
        });
        return app;
    }

    private static void AddPermission(IHeaderDictionary headers)
    {
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlExposeHeaders = "Accept-Ranges, Content-Encoding, Content-Length, Content-Range, ETag, Last-Modified";
    }

    private static void AnswerPreflight(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.Allow = "GET, HEAD, OPTIONS";
        response.Headers.AccessControlAllowMethods = "GET, HEAD, OPTIONS";
        response.Headers.AccessControlAllowHeaders = "Range, If-Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, Cache-Control";
        // Two hours is the most that Chromium keeps it.
        response.Headers.AccessControlMaxAge = "7200";
    }

    // Left to Kestrel, a failure would lose the headers above.
    private static async Task RunAsync(HttpContext context, RequestDelegate next, ILogger logger)
    {
        try
        {
            await next(context);
        }
        catch (IOException error) when (!context.Response.HasStarted)
        {
            LogUnreadable(logger, context.Request.Path, error);
            context.Response.Clear();
            AddPermission(context.Response.Headers);
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    [LoggerMessage(10, LogLevel.Error, "{Path} could not be read")]
    private static partial void LogUnreadable(ILogger logger, string path, Exception error);
}
