using System.Globalization;
using System.Net;
using System.Text;
using Demo.Verification;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>A pair with bytes in between that are not HTTP: the exchange is recorded on the plain side.</summary>
public sealed class PairTests : IDisposable
{
    private static readonly string[] Paths = ["/a?n=1", "/missing", "/moved", "/empty"];

    private readonly ExchangeRecords _first = new();
    private readonly ExchangeRecords _second = new();

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [Theory]
    [InlineData("epoll", "")]
    [InlineData("sockets", "")]
    [InlineData("epoll", "http2")]
    [InlineData("sockets", "http2")]
    public async Task Pair_WithATransform_RecordsEachExchangeOnceAtP2(string transport, string protocol)
    {
        await using var way = await Way.OpenAsync(protocol, ["--transport", transport, .. _first.Words], ["--transport", transport, .. _second.Words]);

        await way.AskAsync(protocol);

        var records = await _second.ReadAsync(Paths.Length);
        Assert.Equal(way.Logged.Order(), records.Select(r => $"{r.Method} {r.Url} {r.Status}").Order());
        var known = await way.Second.RecordAsync();
        Assert.Equal(("completed", "inbound", "not", known.Id), Assert.Single(records.Select(r => (r.Outcome, r.Text("role"), r.Text("transform"), r.Connection)).Distinct()));
        Assert.Equal(known.Text("client"), $"127.0.0.1:{Assert.Single(records.Select(r => r.ClientPort).Distinct())}");
        await HasRecordedNothingAsync(way.First, _first);
        Assert.Equal(0, (await way.Second.ScrapeAsync()).Sum("sidecar_connections_unobservable_total"));
        way.CarriedNoHttp(protocol.Length == 0 ? "HTTP/1.1" : "PRI * HTTP/2.0");
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Pair_WithObserveOnAtP1_RecordsAtBoth(string transport)
    {
        await using var way = await Way.OpenAsync("", ["--transport", transport, "--observe", "on", .. _first.Words], ["--transport", transport, .. _second.Words]);

        var port = await way.CurlAsync();

        var (first, second) = (await _first.ReadAsync(Paths.Length), await _second.ReadAsync(Paths.Length));
        Assert.Equal(way.Logged, first.Select(r => $"{r.Method} {r.Url} {r.Status}"));
        Assert.Equal(second.Select(r => r.InShort()), first.Select(r => r.InShort()));
        Assert.Equal(second.Select(r => (r.RequestBytes, r.ResponseBytes)), first.Select(r => (r.RequestBytes, r.ResponseBytes)));
        // One connection has one name at both; only p1 knows the client itself.
        Assert.Equal((second[0].Connection, "outbound", "not", port), Assert.Single(first.Select(r => (r.Connection, r.Text("role"), r.Text("transform"), r.ClientPort)).Distinct()));
        way.CarriedNoHttp();
    }

    [Fact]
    public async Task Pair_WithObserveOffAtP2_RecordsNothing()
    {
        await using var way = await Way.OpenAsync("", [], ["--observe", "off", .. _second.Words]);

        await way.CurlAsync();

        await HasRecordedNothingAsync(way.Second, _second);
    }

    private static async Task HasRecordedNothingAsync(RunningSidecar sidecar, ExchangeRecords records)
    {
        Assert.Equal("completed", (await sidecar.RecordAsync()).Reason);
        Assert.Equal(0, (await sidecar.ScrapeAsync()).Sum("http_server_request_duration_seconds_count"));
        Assert.Empty(records.Read());
    }

    /// <summary>nginx behind a pair that agrees by the real Oracle, with a tap in between.</summary>
    private sealed class Way(ServerProgram nginx, RunningOracle oracle, TcpTap tap, RunningSidecar first, RunningSidecar second) : IAsyncDisposable
    {
        private const int TapBytes = 1024 * 1024;

        public RunningSidecar First => first;

        public RunningSidecar Second => second;

        /// <summary>Method, URI and status by nginx's log.</summary>
        public IEnumerable<string> Logged => Programs.LogOf(nginx).Select(line => string.Join(' ', line.Split(' ')[..3]));

        public static async Task<Way> OpenAsync(string protocol, IEnumerable<string> ofFirst, IEnumerable<string> ofSecond)
        {
            var nginx = await Programs.NginxAsync(protocol);
            var oracle = await RunningOracle.StartAsync("not");
            var second = await RunningSidecar.StartAsync(["0", "127.0.0.1", $"{nginx.Port}", "127.0.0.1", $"{oracle.Port}", "127.0.0.1", "p2", .. ofSecond]);
            var tap = new TcpTap(new IPEndPoint(IPAddress.Loopback, second.Port), TapBytes);
            var first = await RunningSidecar.StartAsync(["0", "127.0.0.1", $"{tap.Address.Port}", "127.0.0.1", $"{oracle.Port}", "127.0.0.1", "p1", .. ofFirst]);
            return new Way(nginx, oracle, tap, first, second);
        }

        private IEnumerable<string> Urls => Paths.Select(path => $"http://127.0.0.1:{first.Port}{path}");

        /// <summary>Asks for all paths on one connection.</summary>
        public Task AskAsync(string protocol) => protocol.Length == 0 ? CurlAsync() : Programs.RunAsync("nghttp", "nghttp2-client", ["-n", .. Urls]);

        /// <summary>Asks for all paths on one connection; the port that curl has of it.</summary>
        public async Task<int> CurlAsync()
        {
            var output = await Programs.RunAsync("curl", "curl", ["-sS", "-w", "\n%{local_port}\n", .. Urls]);
            return int.Parse(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], CultureInfo.InvariantCulture);
        }

        /// <summary>Both ways carried bytes, but none that read as HTTP until they are inverted.</summary>
        public void CarriedNoHttp(string asked = "HTTP/1.1")
        {
            var connection = Assert.Single(tap.Connections);
            foreach (var (carried, plain) in (ReadOnlySpan<(TappedBytes, string)>)[(connection.ToTarget, asked), (connection.FromTarget, "hello 1")])
            {
                Assert.DoesNotContain(plain, Encoding.Latin1.GetString(carried.Sample()), StringComparison.Ordinal);
                Assert.Contains(plain, Encoding.Latin1.GetString([.. carried.Sample().Select(b => (byte)~b)]), StringComparison.Ordinal);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await first.DisposeAsync();
            await tap.DisposeAsync();
            await second.DisposeAsync();
            await oracle.DisposeAsync();
            await nginx.DisposeAsync();
        }
    }
}
