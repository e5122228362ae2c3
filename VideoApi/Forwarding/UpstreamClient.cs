using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using VideoApi.Hosting;

namespace VideoApi.Forwarding;

/// <summary>Another service, over connections that are kept open, with a limit for every wait and every size.</summary>
/// <param name="name">Its name in messages.</param>
/// <param name="origin">Its scheme, host and port.</param>
/// <param name="time">The clock of the limits.</param>
internal sealed class UpstreamClient(string name, Uri origin, TimeProvider time) : IDisposable
{
    // Loopback and clusters connect in milliseconds; 3 s allow for one lost SYN and its retransmission.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Longest wait for the head of an answer, and for a whole JSON answer.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    // Shorter than the keep-alive of the servers (Kestrel 130 s), so that the client closes first.
    private static readonly TimeSpan PooledIdleTimeout = TimeSpan.FromSeconds(60);
    // Also the most that a service that is its own upstream can use before it waits for itself and gives up.
    private const int MaxConnections = 256;
    private const int MaxResponseHeadersKilobytes = 16;
    private const int MaxJsonBytes = 4 << 20;

    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = ConnectTimeout,
        PooledConnectionIdleTimeout = PooledIdleTimeout,
        MaxConnectionsPerServer = MaxConnections,
        MaxResponseHeadersLength = MaxResponseHeadersKilobytes,
        // If the rest of an answer is not needed, closes the connection instead of reading it.
        MaxResponseDrainSize = 0,
    });

    /// <summary>Its name in messages.</summary>
    public string Name => name;

    /// <summary>Its scheme, host and port.</summary>
    public Uri Origin => origin;

    /// <summary>Sends a request and waits for the head of the answer; the caller reads the body.</summary>
    /// <exception cref="UpstreamException">There was no answer in time.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(AnswerTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            return await _invoker.SendAsync(request, limit.Token);
        }
        catch (HttpRequestException error)
        {
            throw new UpstreamException(Explain(error), error);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new UpstreamException($"the {name} did not answer within {AnswerTimeout.TotalSeconds} s", error);
        }
    }

    /// <summary>Fetches a JSON value.</summary>
    /// <param name="path">Path with all parts escaped.</param>
    /// <param name="type">How it is read.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Null if there is none (404).</returns>
    /// <exception cref="UpstreamException">There was no answer in time, or not the expected one.</exception>
    public async Task<T?> GetJsonAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) where T : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(origin, path));
        using var response = await SendAsync(request, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        if (response.StatusCode != HttpStatusCode.OK)
            throw new UpstreamException($"the {name} answered {(int)response.StatusCode}{await ReasonAsync(response, cancellation)}");
        return await ReadJsonAsync(response, type, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();

    private async Task<T> ReadJsonAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(AnswerTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            await response.Content.LoadIntoBufferAsync(MaxJsonBytes, limit.Token);
            return await response.Content.ReadFromJsonAsync(type, limit.Token)
                ?? throw new UpstreamException($"the {name} answered null");
        }
        catch (Exception error) when (error is JsonException or HttpRequestException or IOException or InvalidOperationException)
        {
            throw new UpstreamException($"the {name} answered something else than the expected JSON", error);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new UpstreamException($"the {name} did not finish its answer within {AnswerTimeout.TotalSeconds} s", error);
        }
    }

    // The service's own text, if it has any: it names the upstream service.
    private async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/json")
            return "";
        try
        {
            return $": {(await ReadJsonAsync(response, VideoJson.Default.ApiError, cancellation)).Error}";
        }
        catch (UpstreamException)
        {
            // An error answer without a readable reason; its status is still reported.
            return "";
        }
    }

    private string Explain(HttpRequestException error) => error.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => $"the {name}'s name cannot be resolved",
        HttpRequestError.ConnectionError => $"the {name} cannot be reached{(error.InnerException is SocketException { Message: var reason } ? $": {reason}" : "")}",
        HttpRequestError.ResponseEnded => $"the {name} closed the connection without an answer",
        HttpRequestError.SecureConnectionError => $"no secure connection to the {name}",
        _ when error.InnerException is TimeoutException or OperationCanceledException => $"the {name} did not accept a connection within {ConnectTimeout.TotalSeconds} s",
        _ => $"the {name} gave no valid HTTP answer",
    };
}
