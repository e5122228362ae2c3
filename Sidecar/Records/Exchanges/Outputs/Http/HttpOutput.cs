using System.IO.Compression;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Chassis;
using Chassis.Net;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs.Spools;

namespace Sidecar.Records.Exchanges.Outputs.Http;

/// <summary>
/// Sends records by HTTP. While the server is away or has no room, it tries again and again; meanwhile records wait in the bounded queue
/// before it.
/// </summary>
/// <param name="description">The server in words, for the log.</param>
/// <param name="context">The format, the clock and the log.</param>
/// <param name="http">The client for all requests.</param>
internal abstract class HttpOutput(string description, OutputContext context, HttpClient http) : IBatchOutput
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
    private readonly LineNumbers _numbers = new(context.Time);
    private readonly OutputHealth _health = new(description, context.Time, context.Logger);

    /// <inheritdoc/>
    public bool IsFile => false;

    /// <inheritdoc/>
    public long Sent => _health.Sent;

    /// <inheritdoc/>
    public long Lost => _health.Lost;

    /// <inheritdoc/>
    public DateTimeOffset? LastSuccess => _health.LastSuccess;

    /// <inheritdoc/>
    public string? LastError => _health.LastError;

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
        SslOptions = Authorities.Trusting(authorities),
    };

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> lines, int count)
    {
        var lost = Lost;
        if (await SendAsync(_numbers.Next(lines, count)) is not (> 0 and var left))
            return;
        _health.Arrive(count - left - (Lost - lost));
        _health.Lose(left);
    }

    /// <inheritdoc/>
    public abstract ValueTask<int> SendAsync(LineBatch batch);

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

    /// <summary>Sends until nothing is left, or the time for writing is over; returns what is left then.</summary>
    /// <param name="batch">The records.</param>
    /// <param name="countOf">The number of records in a batch.</param>
    /// <param name="send">Sends once; returns what must be sent again.</param>
    protected async ValueTask<int> SendAllAsync<T>(T batch, Func<T, int> countOf, Func<T, CancellationToken, Task<T>> send)
    {
        var (count, lost) = (countOf(batch), Lost);
        while (countOf(batch) > 0 && !_stop.IsCancellationRequested)
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
            }
        }

        // A part does not count: a spool keeps the whole.
        if (countOf(batch) == 0)
            _health.Arrive(count - (Lost - lost));
        return countOf(batch);
    }

    /// <summary>Waits before another attempt, and says so the first time.</summary>
    /// <param name="reason">The failure.</param>
    /// <param name="asked">What the server asks for; null if it does not.</param>
    protected async Task WaitAsync(string reason, TimeSpan? asked)
    {
        _health.Wait(reason);
        await Task.Delay(_delay.Next(asked), context.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The server has taken records.</summary>
    protected void Succeed()
    {
        _health.GoOn();
        _delay.Reset();
    }

    /// <summary>The server will never take some records.</summary>
    protected void Refuse(int count, string reason)
    {
        _health.Refuse(count, reason);
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
}
