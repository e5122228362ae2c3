using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Chassis;
using Chassis.Records;
using Sidecar.Options;

namespace Sidecar.Records.Exchanges.Outputs.Http;

/// <summary>
/// Sends records by HTTP. While the server is away or has no room, it tries again and again; meanwhile records wait in the bounded queue
/// before it.
/// </summary>
/// <param name="description">The server in words, for the log.</param>
/// <param name="context">The format, the clock and the log.</param>
/// <param name="http">The client for all requests.</param>
internal abstract partial class HttpOutput(string description, OutputContext context, HttpClient http) : ILineOutput
{
    private const int MaxAnswer = 16 * 1024 * 1024;
    private const int ShownAnswer = 200;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(30);

    // Before the limit of a request is over; servers of gRPC close a connection with many pings.
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(20);

    // So that a change of the name's addresses is seen.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly RetryDelay _delay = new();
    private long _lost;
    private bool _isFailing;
    private bool _hasRefused;

    /// <inheritdoc/>
    public bool IsFile => false;

    /// <inheritdoc/>
    public long Lost => Interlocked.Read(ref _lost);

    /// <inheritdoc/>
    public string? LastError { get; private set; }

    /// <summary>The client for all requests.</summary>
    protected HttpClient Http => http;

    /// <summary>The format, the clock and the log.</summary>
    protected OutputContext Context => context;

    /// <summary>The server in words, for the log.</summary>
    protected string Description => description;

    /// <summary>Makes the client.</summary>
    /// <param name="url">The server.</param>
    /// <param name="authorities">The authorities to trust; null for the system's.</param>
    /// <param name="credentials">Goes with each request; null for none.</param>
    public static HttpClient Client(Uri url, X509Certificate2Collection? authorities, AuthenticationHeaderValue? credentials)
    {
        var client = new HttpClient(Handler(authorities))
        {
            BaseAddress = new Uri(url.AbsoluteUri.TrimEnd('/') + "/"),
            Timeout = RequestLimit,
            MaxResponseContentBufferSize = MaxAnswer,
        };
        client.DefaultRequestHeaders.Authorization = credentials;
        return client;
    }

    /// <summary>Makes what carries a client's requests.</summary>
    /// <param name="authorities">The authorities to trust; null for the system's.</param>
    public static SocketsHttpHandler Handler(X509Certificate2Collection? authorities) => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectTimeout = ConnectLimit,
        PooledConnectionLifetime = ConnectionLifetime,
        // Requests share a connection of HTTP/2, which one that is late does not close.
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        KeepAlivePingDelay = PingDelay,
        KeepAlivePingTimeout = ConnectLimit,
        SslOptions = authorities is null ? new SslClientAuthenticationOptions() : Trusting(authorities),
    };

    /// <inheritdoc/>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> lines, int count);

    /// <inheritdoc/>
    public Task ReopenAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public void GiveUp() => _stop.Cancel();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        http.Dispose();
        _stop.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends until nothing is left, or the time for writing is over.</summary>
    /// <param name="batch">The records.</param>
    /// <param name="countOf">The number of records in a batch.</param>
    /// <param name="send">Sends once; returns what must be sent again.</param>
    protected async ValueTask SendAllAsync<T>(T batch, Func<T, int> countOf, Func<T, CancellationToken, Task<T>> send)
    {
        while (countOf(batch) > 0)
        {
            try
            {
                batch = await send(batch, _stop.Token);
            }
            catch (Exception error) when (error is HttpRequestException or IOException or FormatException || (error is OperationCanceledException && !_stop.IsCancellationRequested))
            {
                await WaitAsync(OneLine.Of(error is OperationCanceledException ? $"no answer within {RequestLimit.TotalSeconds} s" : error.Message), null);
            }
            catch (OperationCanceledException)
            {
                // The process ends.
                Interlocked.Add(ref _lost, countOf(batch));
                return;
            }
        }
    }

    /// <summary>Waits before another attempt, and says so the first time.</summary>
    /// <param name="reason">The failure.</param>
    /// <param name="asked">What the server asks for; null if it does not.</param>
    protected async Task WaitAsync(string reason, TimeSpan? asked)
    {
        LastError = reason;
        if (!_isFailing)
            Log.Waiting(context.Logger, description, reason);
        _isFailing = true;
        await Task.Delay(_delay.Next(asked), context.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The server has taken records.</summary>
    protected void Succeed()
    {
        if (_isFailing)
            Log.Again(context.Logger, description);
        _isFailing = false;
        _delay.Reset();
    }

    /// <summary>The server will never take some records.</summary>
    protected void Refuse(int count, string reason)
    {
        Interlocked.Add(ref _lost, count);
        LastError = reason;
        if (!_hasRefused)
            Log.Refused(context.Logger, description, count, reason);
        _hasRefused = true;
        Succeed();
    }

    /// <summary>The beginning of an answer as one line.</summary>
    protected static string Shown(byte[] body) => OneLine.Start(Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, ShownAnswer))));

    /// <summary>A request's body, compressed.</summary>
    protected static HttpContent Compressed(ReadOnlySpan<byte> body, MediaTypeHeaderValue type)
    {
        var content = new ByteArrayContent(Gzip(body));
        content.Headers.ContentType = type;
        content.Headers.ContentEncoding.Add("gzip");
        return content;
    }

    /// <summary>Compresses.</summary>
    protected static byte[] Gzip(ReadOnlySpan<byte> bytes)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
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
    }
}
