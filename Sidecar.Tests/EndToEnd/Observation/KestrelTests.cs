using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>.NET on both ends: what is recorded is what the client was told and the server has logged.</summary>
public sealed class KestrelTests : IDisposable
{
    private const int AtOnce = 16;

    private static readonly ParallelOptions Parallelism = new() { MaxDegreeOfParallelism = AtOnce };
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly ExchangeRecords _records = new();

    public void Dispose() => _records.Dispose();

    [Theory]
    [InlineData(HttpProtocols.Http1, "epoll")]
    [InlineData(HttpProtocols.Http1, "sockets")]
    [InlineData(HttpProtocols.Http1, "ebpf")]
    [InlineData(HttpProtocols.Http1, "packet")]
    [InlineData(HttpProtocols.Http2, "epoll")]
    [InlineData(HttpProtocols.Http2, "sockets")]
    [InlineData(HttpProtocols.Http2, "ebpf")]
    [InlineData(HttpProtocols.Http2, "packet")]
    public async Task HttpClient_SixteenAtOnce_IsRecordedAsBothSaw(HttpProtocols protocol, string kind)
    {
        const int Count = 2400;
        await using var server = await LoggingServer.StartAsync(protocol);
        await using var watcher = await Watcher.StartAsync(kind, server.Port, _records);
        using var client = Client(watcher.Port, protocol);
        var told = new string[Count];

        await Parallel.ForAsync(0, Count, Parallelism, async (i, _) => told[i] = await AskAsync(client, i));

        var records = await _records.ReadAsync(Count);
        await Eventually.TrueAsync(() => server.Log.Count == Count);
        var recorded = records.Select(r => $"{r.Method} {r.Url} {r.Status}").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(server.Log.Order(StringComparer.Ordinal), recorded);
        Assert.Equal(told.Order(StringComparer.Ordinal), recorded);
        Assert.Equal(("completed", protocol == HttpProtocols.Http1 ? "HTTP/1.1" : "HTTP/2"), Assert.Single(records.Select(r => (r.Outcome, r.Protocol)).Distinct()));
        Assert.InRange(records.Select(r => r.Connection).Distinct().Count(), 1, AtOnce);
        Assert.DoesNotContain(records, r => r.Url.StartsWith("/echo", StringComparison.Ordinal) && (r.RequestBytes < EchoedBytes(r) || r.ResponseBytes < EchoedBytes(r)));
        var metrics = await watcher.ScrapeAsync();
        Assert.Equal(Count, metrics.Sum("http_server_request_duration_seconds_count"));
        Assert.Equal(0, metrics.Sum("sidecar_connections_unobservable_total"));
    }

    // In HTTP/2 by RST_STREAM, while the connection goes on; in HTTP/1 by a reset of the connection.
    [Theory]
    [InlineData("epoll", HttpProtocols.Http1, true)]
    [InlineData("epoll", HttpProtocols.Http1, false)]
    [InlineData("epoll", HttpProtocols.Http2, true)]
    [InlineData("epoll", HttpProtocols.Http2, false)]
    [InlineData("ebpf", HttpProtocols.Http1, true)]
    [InlineData("ebpf", HttpProtocols.Http1, false)]
    [InlineData("ebpf", HttpProtocols.Http2, true)]
    [InlineData("ebpf", HttpProtocols.Http2, false)]
    public async Task HttpClient_ThatCancels_IsRecordedAsClientReset(string kind, HttpProtocols protocol, bool begin)
    {
        const int Count = 20;
        await using var server = await LoggingServer.StartAsync(protocol);
        await using var watcher = await Watcher.StartAsync(kind, server.Port, _records);
        using var client = Client(watcher.Port, protocol);
        using var cancellation = new CancellationTokenSource();

        var begun = 0;
        var requests = Enumerable.Range(0, Count).Select(async _ =>
        {
            using var response = await client.GetAsync($"/wait?begin={begin}", HttpCompletionOption.ResponseHeadersRead, cancellation.Token);
            Interlocked.Increment(ref begun);
            await response.Content.ReadAsByteArrayAsync(cancellation.Token);
        }).ToList();
        await Eventually.TrueAsync(() => server.Waiting == Count && begun == (begin ? Count : 0));
        await cancellation.CancelAsync();
        foreach (var request in requests)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.WaitAsync(Limit, TestContext.Current.CancellationToken));
        await client.GetStringAsync("/plain/1", TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);

        var records = await _records.ReadAsync(Count + 1);
        Assert.Equal(("GET", "/plain/1", 200, "completed"), Assert.Single(records, r => r.Outcome == "completed").InShort());
        Assert.Equal(("client_reset", begin ? 200 : null), Assert.Single(records.Where(r => r.Outcome != "completed").Select(r => (r.Outcome, r.Status)).Distinct()));
        Assert.Equal(protocol == HttpProtocols.Http1 ? Count + 1 : 1, records.Select(r => r.Connection).Distinct().Count());
        Assert.Equal(Count, (await watcher.ScrapeAsync()).Sum("http_server_request_duration_seconds_count", "error_type=\"client_reset\""));
    }

    [Theory]
    [InlineData("epoll", HttpProtocols.Http1, true)]
    [InlineData("epoll", HttpProtocols.Http1, false)]
    [InlineData("epoll", HttpProtocols.Http2, true)]
    [InlineData("epoll", HttpProtocols.Http2, false)]
    [InlineData("ebpf", HttpProtocols.Http1, true)]
    [InlineData("ebpf", HttpProtocols.Http1, false)]
    [InlineData("ebpf", HttpProtocols.Http2, true)]
    [InlineData("ebpf", HttpProtocols.Http2, false)]
    public async Task Kestrel_ThatAborts_IsRecordedAsServerReset(string kind, HttpProtocols protocol, bool begin)
    {
        const int Count = 20;
        await using var server = await LoggingServer.StartAsync(protocol);
        await using var watcher = await Watcher.StartAsync(kind, server.Port, _records);
        using var client = Client(watcher.Port, protocol);

        for (var i = 0; i < Count; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/abort?begin={begin}") { Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy, Content = new StringContent("a body") };
            await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
            {
                // A reset may overtake what was sent before it, so it comes when that has arrived.
                using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
                server.Abort.Release();
                await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
            });
        }

        var records = await _records.ReadAsync(Count);
        Assert.Equal(("server_reset", begin ? 200 : null), Assert.Single(records.Select(r => (r.Outcome, r.Status)).Distinct()));
    }

    private static HttpClient Client(int port, HttpProtocols protocol) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(true, 0) };
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new ResettingStream(socket);
        },
    })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        DefaultRequestVersion = protocol == HttpProtocols.Http1 ? HttpVersion.Version11 : HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static async Task<string> AskAsync(HttpClient client, int number)
    {
        var (method, path) = (number % 7) switch
        {
            0 or 1 => (HttpMethod.Post, "echo"),
            2 => (HttpMethod.Get, "pieces"),
            3 => (HttpMethod.Delete, "nothing"),
            4 => (HttpMethod.Head, "plain"),
            5 => (HttpMethod.Get, "missing"),
            _ => (HttpMethod.Get, "plain"),
        };
        using var request = new HttpRequestMessage(method, $"/{path}/{number}?n={number % 10}") { Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy };
        if (path == "echo")
            request.Content = number % 7 == 0 ? new ByteArrayContent(new byte[number * 5]) : new StreamedContent(number);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        if (path == "echo")
            Assert.Equal(EchoedBytes(number), body.Length);
        return $"{method} {request.RequestUri!.PathAndQuery} {(int)response.StatusCode}";
    }

    private static int EchoedBytes(int number) => number % 7 == 0 ? number * 5 : StreamedContent.Pieces * number;

    private static int EchoedBytes(RecordedExchange record) => EchoedBytes(int.Parse(record.Url.Split('/', '?')[2], CultureInfo.InvariantCulture));

    /// <summary>A connection that is given up by a reset. Otherwise it would depend on what is unread, and come behind an end.</summary>
    private sealed class ResettingStream(Socket socket) : NetworkStream(socket)
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing)
                Socket.Close(timeout: 0);
            base.Dispose(disposing);
        }
    }

    /// <summary>A body with a length that nobody knows before its end.</summary>
    private sealed class StreamedContent(int piece) : HttpContent
    {
        public const int Pieces = 5;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var i = 0; i < Pieces; i++)
            {
                await stream.WriteAsync(new byte[piece]);
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
