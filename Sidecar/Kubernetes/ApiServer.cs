using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Chassis;
using Chassis.Net;
using Sidecar.Options;

namespace Sidecar.Kubernetes;

/// <summary>Requests to the API server of the cluster.</summary>
internal sealed class ApiServer : IDisposable
{
    private const int MostOfAnError = 8 * 1024;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    // So that another API server gets its share, and a change of the name's addresses is seen.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http;
    private readonly string? _tokenFile;

    /// <exception cref="UsageException">The file with the authorities or with the token cannot be read.</exception>
    public ApiServer(KubernetesOptions options)
    {
        // A token never goes over plain HTTP, which is for kubectl proxy.
        var isSecure = options.Server!.Scheme == Uri.UriSchemeHttps;
        _tokenFile = isSecure ? options.TokenFile : null;
        var authorities = Authorities.Read(isSecure ? options.CaFile : null, "kubernetes.ca-file");
        if (_tokenFile is not null)
            CheckToken(_tokenFile);
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectTimeout = ConnectLimit,
            PooledConnectionLifetime = ConnectionLifetime,
            SslOptions = Authorities.Trusting(authorities),
        })
        {
            BaseAddress = options.Server,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Begins an answer; its content is read from its stream.</summary>
    /// <param name="path">Path and query.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="HttpRequestException">There is no answer, or it is no success.</exception>
    public async Task<HttpResponseMessage> GetAsync(string path, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        // The kubelet replaces the token before it expires.
        if (_tokenFile is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(_tokenFile, stop)).Trim());
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(AnswerLimit);
        var response = await SendAsync(request, limit.Token, stop);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw new HttpRequestException($"{(int)response.StatusCode} {await ReasonAsync(response, limit.Token)}", inner: null, response.StatusCode);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken limit, CancellationToken stop)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit);
        }
        catch (OperationCanceledException late) when (!stop.IsCancellationRequested)
        {
            throw new HttpRequestException($"no answer within {AnswerLimit.TotalSeconds} s", late);
        }
    }

    // {"kind":"Status","message":"pods is forbidden: ..."}, or the text of a proxy.
    private static async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken stop)
    {
        var beginning = new byte[MostOfAnError];
        await using var content = await response.Content.ReadAsStreamAsync(stop);
        var length = await content.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, stop);
        try
        {
            if (JsonSerializer.Deserialize(beginning.AsSpan(0, length), ResourceJson.Default.ApiStatus)?.Message is { } message)
                return OneLine.Start(message);
        }
        catch (JsonException)
        {
            // Then it is shown as it is.
        }

        return OneLine.Start(Encoding.UTF8.GetString(beginning, 0, length));
    }

    private static void CheckToken(string file)
    {
        try
        {
            using var token = File.OpenRead(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"kubernetes.token-file '{file}': {OneLine.Of(error.Message)}; the pod needs the token of a service account", error);
        }
    }
}
