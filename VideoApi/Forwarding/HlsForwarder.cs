using System.Buffers;
using VideoApi.Media;

namespace VideoApi.Forwarding;

/// <summary>Streams a media file from the upstream service to the client, a piece at a time.</summary>
/// <remarks>
/// <list type="number">
/// <item>The path is checked and written again, so that it names the same file upstream.</item>
/// <item>The request is sent with its ranges and conditions.</item>
/// <item>Status and headers come back; without an answer the client gets a 502 with the reason.</item>
/// <item>The body is copied. When the client leaves, the upstream request ends. When the upstream body breaks off, the
/// client's connection ends too, because a cut file must not look complete.</item>
/// </list>
/// </remarks>
internal sealed partial class HlsForwarder(HlsUpstreams upstreams, TimeProvider time, ILogger<HlsForwarder> logger)
{
    // Large enough to make calls rare, small enough for the buffer pool's common sizes.
    private const int BufferSize = 64 << 10;

    // Silence within a body; the upstream client limits the time to the head of the answer.
    internal static readonly TimeSpan BodyIdleTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Answers one GET or HEAD request.</summary>
    public async Task ForwardAsync(HttpContext context)
    {
        // 1. Path
        if (!MediaPath.TrySplit(context.Request.Path.Value, out var names))
        {
            await AnswerAsync(context, StatusCodes.Status404NotFound, "no such file");
            return;
        }

        // 2. Request
        var upstream = upstreams.For(names[^1]);
        using var request = new HttpRequestMessage(
            HttpMethod.Parse(context.Request.Method),
            new Uri(upstream.Origin, MediaPath.ToUrlPath(names) + context.Request.QueryString));
        ForwardedHeaders.Copy(context.Request.Headers, request.Headers);

        // 3. Answer
        HttpResponseMessage response;
        try
        {
            response = await upstream.SendAsync(request, context.RequestAborted);
        }
        catch (UpstreamException error)
        {
            LogNoAnswer(logger, request.RequestUri!, error.Message);
            await AnswerAsync(context, StatusCodes.Status502BadGateway, error.Message);
            return;
        }
        catch (OperationCanceledException)
        {
            return;
        }

        // 4. Body
        using (response)
            await RelayAsync(response, upstream.Name, request.RequestUri!, context);
    }

    private async Task RelayAsync(HttpResponseMessage response, string service, Uri url, HttpContext context)
    {
        var status = (int)response.StatusCode;
        if (status is >= 300 and < 400 and not StatusCodes.Status304NotModified)
        {
            LogNoAnswer(logger, url, $"redirect {status}");
            await AnswerAsync(context, StatusCodes.Status502BadGateway, $"the {service} answered {status}; redirects are not followed");
            return;
        }

        context.Response.StatusCode = status;
        ForwardedHeaders.Copy(response, context.Response.Headers);
        try
        {
            await CopyBodyAsync(response, context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has left, so the upstream's answer is dropped.
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            LogBodyBroke(logger, url, error is OperationCanceledException ? "nothing came for too long" : error.Message);
            context.Abort();
        }
    }

    private async Task CopyBodyAsync(HttpResponseMessage response, HttpContext context)
    {
        using var idle = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, context.RequestAborted);
        await using var body = await response.Content.ReadAsStreamAsync(either.Token);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (true)
            {
                idle.CancelAfter(BodyIdleTimeout);
                var count = await body.ReadAsync(buffer, either.Token);
                if (count == 0)
                    return;
                // Kestrel limits how slowly a client can read (MinResponseDataRate).
                idle.CancelAfter(Timeout.InfiniteTimeSpan);
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Task AnswerAsync(HttpContext context, int status, string reason)
    {
        context.Response.Headers.CacheControl = "no-store";
        return ApiError.Answer(reason, status).ExecuteAsync(context);
    }

    [LoggerMessage(20, LogLevel.Warning, "{Url}: {Reason}")]
    private static partial void LogNoAnswer(ILogger logger, Uri url, string reason);

    [LoggerMessage(21, LogLevel.Warning, "{Url}: the body broke off: {Reason}")]
    private static partial void LogBodyBroke(ILogger logger, Uri url, string reason);
}
