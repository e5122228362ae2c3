namespace VideoApi.Hosting;

/// <summary>
/// Lets scripts of every origin read every answer, also errors. The framework's own CORS middleware answers only to
/// requests with an Origin header. A cache would keep an answer without the permission and give it to a script.
/// </summary>
internal static partial class OpenCors
{
    // Headers that players send and that need permission: hls.js, Safari, dash.js' CMCD (CTA-5004). "*" allows all others
    // in clients that understand it, but never Authorization, which must be named.
    private const string Requested =
        "*, Authorization, Cache-Control, CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status, Content-Type, If-Match, If-Modified-Since, "
        + "If-None-Match, If-Range, If-Unmodified-Since, Pragma, Range, X-Playback-Session-Id, X-Requested-With";

    /// <summary>Adds the permission to every answer below a path and answers the preflight requests.</summary>
    /// <param name="app">The service.</param>
    /// <param name="below">The path; left out for all.</param>
    public static WebApplication UseOpenCors(this WebApplication app, PathString below = default)
    {
        app.Use(async (context, next) =>
        {
            if (!context.Request.Path.StartsWithSegments(below, StringComparison.OrdinalIgnoreCase))
            {
                await next(context);
                return;
            }

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
        headers.AccessControlExposeHeaders = "Accept-Ranges, Age, Content-Encoding, Content-Length, Content-Range, Date, ETag, Last-Modified, Retry-After";
    }

    private static void AnswerPreflight(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.Allow = "GET, HEAD, OPTIONS";
        response.Headers.AccessControlAllowMethods = "GET, HEAD, OPTIONS";
        response.Headers.AccessControlAllowHeaders = Requested;
        // Chromium keeps it for at most two hours.
        response.Headers.AccessControlMaxAge = "7200";
    }

    // If Kestrel handled a failure, the headers above would be lost.
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
