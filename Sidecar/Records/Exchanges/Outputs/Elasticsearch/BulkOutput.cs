using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Chassis;
using Chassis.Records;
using Sidecar.Options;

namespace Sidecar.Records.Exchanges.Outputs.Elasticsearch;

/// <summary>
/// Sends records by the bulk API. While the server is away or has no room, it tries again and again; meanwhile records wait in the bounded
/// queue before it. A record keeps its id over all attempts, so that none is there twice.
/// </summary>
internal sealed partial class BulkOutput : ILineOutput
{
    private const int MaxAnswer = 16 * 1024 * 1024;
    private const int ShownAnswer = 200;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(30);

    // So that a change of the name's addresses is seen.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private static readonly MediaTypeHeaderValue Lines = new("application/x-ndjson");
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly ElasticsearchOutput _options;
    private readonly OutputContext _context;
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly RetryDelay _delay = new();

    // Ids of this process's records begin so.
    private readonly string _process = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private long _sequence;
    private long _lost;
    private bool _hasTemplate;
    private bool _isFailing;
    private bool _hasRefused;

    /// <param name="options">The server and the index.</param>
    /// <param name="authorities">The authorities to trust; null for the system's.</param>
    /// <param name="context">The format, the clock and the log.</param>
    public BulkOutput(ElasticsearchOutput options, X509Certificate2Collection? authorities, OutputContext context)
    {
        (_options, _context) = (options, context);
        _hasTemplate = !options.InstallsTemplate;
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectTimeout = ConnectLimit,
            PooledConnectionLifetime = ConnectionLifetime,
            SslOptions = authorities is null ? new SslClientAuthenticationOptions() : Trusting(authorities),
        })
        {
            BaseAddress = new Uri(options.Url.AbsoluteUri.TrimEnd('/') + "/"),
            Timeout = RequestLimit,
            MaxResponseContentBufferSize = MaxAnswer,
        };
        _http.DefaultRequestHeaders.Authorization = options switch
        {
            { ApiKey: { } key } => new AuthenticationHeaderValue("ApiKey", key),
            { User: { } user } => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{options.Password}"))),
            _ => null,
        };
    }

    /// <inheritdoc/>
    public bool IsFile => false;

    /// <inheritdoc/>
    public long Lost => Interlocked.Read(ref _lost);

    /// <inheritdoc/>
    public string? LastError { get; private set; }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> lines, int count)
    {
        var batch = BulkBatch.Of(lines, count, _process, _sequence);
        _sequence += count;
        while (batch.Count > 0)
        {
            try
            {
                batch = await SendAsync(batch, _stop.Token);
            }
            catch (Exception error) when (error is HttpRequestException or IOException or FormatException || (error is OperationCanceledException && !_stop.IsCancellationRequested))
            {
                await WaitAsync(OneLine.Of(error is OperationCanceledException ? $"no answer within {RequestLimit.TotalSeconds} s" : error.Message), null);
            }
            catch (OperationCanceledException)
            {
                // The process ends.
                Interlocked.Add(ref _lost, batch.Count);
                return;
            }
        }
    }

    /// <inheritdoc/>
    public Task ReopenAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public void GiveUp() => _stop.Cancel();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        _stop.Dispose();
        return ValueTask.CompletedTask;
    }

    // Returns what must be sent again.
    private async Task<BulkBatch> SendAsync(BulkBatch batch, CancellationToken cancel)
    {
        if (!_hasTemplate)
            await InstallTemplateAsync(cancel);
        using var content = new ReadOnlyMemoryContent(Compressed(batch.Body(_options.Index.NameAt(_context.Time.GetUtcNow()))));
        content.Headers.ContentType = Lines;
        content.Headers.ContentEncoding.Add("gzip");
        // Only what is read of an answer.
        using var response = await _http.PostAsync(new Uri("_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason", UriKind.Relative), content, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        if (response.StatusCode == HttpStatusCode.RequestEntityTooLarge && batch.Count > 1)
            return await SendHalvesAsync(batch, cancel);
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge)
        {
            // The server will say the same next time.
            Refuse(batch.Count, $"{(int)response.StatusCode} {Shown(body)}");
            return BulkBatch.Empty;
        }

        if (!response.IsSuccessStatusCode)
        {
            await WaitAsync($"{(int)response.StatusCode} {Shown(body)}", response.Headers.RetryAfter?.Delta);
            return batch;
        }

        var answer = BulkAnswer.Parse(body, batch.Count);
        if (answer.Refused > 0)
            Refuse(answer.Refused, answer.Reason!);
        if (answer.Again.Count == 0)
        {
            Succeed();
            return BulkBatch.Empty;
        }

        await WaitAsync($"the server has no room for {answer.Again.Count} of {batch.Count} records", null);
        return batch.Only(answer.Again);
    }

    private async Task<BulkBatch> SendHalvesAsync(BulkBatch batch, CancellationToken cancel)
    {
        var (first, second) = batch.Halves();
        var rest = await SendAsync(first, cancel);
        return rest.Count > 0 ? rest.And(second) : second;
    }

    private async Task InstallTemplateAsync(CancellationToken cancel)
    {
        using var content = new StringContent(IndexTemplate.Of(_context.Format, _options.Index.Wildcard), Json);
        using var response = await _http.PutAsync(new Uri($"_index_template/sidecar-{_context.Format}", UriKind.Relative), content, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.Unauthorized || (int)response.StatusCode >= 500)
            throw new HttpRequestException($"{(int)response.StatusCode} {Shown(body)}");
        if (!response.IsSuccessStatusCode)
            Log.NoTemplate(_context.Logger, _options.Description, $"{(int)response.StatusCode} {Shown(body)}");
        _hasTemplate = true;
    }

    private async Task WaitAsync(string reason, TimeSpan? asked)
    {
        LastError = reason;
        if (!_isFailing)
            Log.Waiting(_context.Logger, _options.Description, reason);
        _isFailing = true;
        await Task.Delay(_delay.Next(asked), _context.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Succeed()
    {
        if (_isFailing)
            Log.Again(_context.Logger, _options.Description);
        _isFailing = false;
        _delay.Reset();
    }

    private void Refuse(int count, string reason)
    {
        Interlocked.Add(ref _lost, count);
        LastError = reason;
        if (!_hasRefused)
            Log.Refused(_context.Logger, _options.Description, count, reason);
        _hasRefused = true;
        Succeed();
    }

    private static string Shown(byte[] body) => OneLine.Start(Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, ShownAnswer))));

    private static ReadOnlyMemory<byte> Compressed(ReadOnlySpan<byte> body)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(body);
        return compressed.ToArray();
    }

    private static SslClientAuthenticationOptions Trusting(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
    }

    private static partial class Log
    {
        [LoggerMessage(130, LogLevel.Error, "Records for {Output} wait: {Reason}")]
        public static partial void Waiting(ILogger logger, string output, string reason);

        [LoggerMessage(131, LogLevel.Information, "Records go to {Output} again")]
        public static partial void Again(ILogger logger, string output);

        [LoggerMessage(132, LogLevel.Error, "{Output} has refused {Count} records, and further ones are only counted: {Reason}")]
        public static partial void Refused(ILogger logger, string output, int count, string reason);

        [LoggerMessage(133, LogLevel.Warning, "{Output} did not take the index template, and records go there without it: {Reason}")]
        public static partial void NoTemplate(ILogger logger, string output, string reason);
    }
}
