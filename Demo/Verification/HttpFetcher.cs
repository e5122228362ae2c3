using System.Net;
using System.Text;

namespace Demo.Verification;

/// <summary>An HTTP answer as it came: nothing followed, nothing unpacked.</summary>
internal sealed record WebAnswer(Uri Url, HttpStatusCode Status, string? MediaType, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>A plain HTTP client with limits on time and size.</summary>
/// <param name="connect">Opens its connections; null for the usual way.</param>
internal sealed class HttpFetcher(Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>>? connect = null) : IDisposable
{
    private const int MaxBodyBytes = 64 * 1024 * 1024;

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectCallback = connect })
    {
        // Long, because of loaded machines; only what is broken waits so long.
        Timeout = TimeSpan.FromSeconds(30),
        MaxResponseContentBufferSize = MaxBodyBytes,
    };

    /// <summary>Fetches a resource; null, with the reason among the findings, unless the answer is 200.</summary>
    public async Task<WebAnswer?> GetAsync(Uri url, Findings findings, CancellationToken cancellation)
    {
        try
        {
            using var response = await _http.GetAsync(url, cancellation);
            var body = await response.Content.ReadAsByteArrayAsync(cancellation);
            var answer = new WebAnswer(url, response.StatusCode, response.Content.Headers.ContentType?.MediaType, body);
            return findings.Check(answer.Status == HttpStatusCode.OK, $"{url}: status {(int)answer.Status}, 200 was expected") ? answer : null;
        }
        catch (Exception error) when (error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            findings.Fail($"{url}: {error.Message}");
            return null;
        }
    }

    /// <summary>Whether a resource answers 200; no answer is a no.</summary>
    public async Task<bool> IsOkAsync(Uri url, CancellationToken cancellation)
    {
        try
        {
            using var response = await _http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellation);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }

    public void Dispose() => _http.Dispose();
}
