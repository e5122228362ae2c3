using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidecar.Connections;
using Sidecar.Tests.EndToEnd.Load;
using Sidecar.Tests.Observation.Http2;
using Sidecar.Tests.Observation.Memory;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>A sidecar in a small container, and peers that would have it keep more than there is.</summary>
[Collection(HeavyLoad.Name)]
public sealed class MemoryLimitTests
{
    private const int Connections = 300;

    // The runtime takes nothing above it: 64 MB, of which the budget is a quarter.
    private const string HeapLimit = "DOTNET_GCHeapHardLimit=0x4000000";
    private const double Budget = 16 * 1024 * 1024;

    [Theory]
    [InlineData("http1 least")]
    [InlineData("http2 least")]
    [InlineData("http2 entry once, then least")]
    [InlineData("http2 huffman entry by number")]
    public async Task Flood_ThatWouldFillTheMemory_EndsObservationsAndNoConnection(string shape)
    {
        byte[] flood = [.. TrafficShapes.All[shape]().Where(piece => piece.Direction == Direction.Request).SelectMany(piece => piece.Bytes)];
        using var sink = new Sink(shape.StartsWith("http2", StringComparison.Ordinal) ? Frames.Settings() : []);
        await using var sidecar = ProgramProcess.StartBy(
            ["env", HeapLimit], "Sidecar", "--listen", "127.0.0.1:0", "--target", $"127.0.0.1:{sink.Port}", "--connection-records", "off",
            "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0");
        var port = await sidecar.ListenerPortAsync();
        var metrics = (await sidecar.ErrorLineAsync("Serving metrics on ")).Split(':')[^1];
        var clients = new List<Socket>();
        for (var i = 0; i < Connections; i++)
        {
            var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            await client.SendAsync(flood, TestContext.Current.CancellationToken);
            clients.Add(client);
        }

        await Eventually.TrueAsync(() => sink.Received == (long)Connections * flood.Length, "all of the flood");
        var page = await ScrapeAsync(metrics);
        Assert.Equal(Budget, page["sidecar_observation_memory_limit_bytes"]);
        Assert.InRange(page["sidecar_observation_memory_bytes"], 1, Budget);
        Assert.InRange(page["sidecar_observation_ended_total"] + page["sidecar_observation_heads_cut_total"], 1, double.MaxValue);

        clients.ForEach(client => client.Dispose());
        await Eventually.TrueAsync(async () => (await ScrapeAsync(metrics))["sidecar_observation_memory_bytes"] == 0, "all memory given back");
        Assert.DoesNotContain(sidecar.Errors, line => line.Contains("fail:", StringComparison.Ordinal));
    }

    private static async Task<Dictionary<string, double>> ScrapeAsync(string port)
    {
        using var http = new HttpClient();
        var page = await http.GetStringAsync($"http://127.0.0.1:{port}/metrics", TestContext.Current.CancellationToken);
        return page.Split('\n').Where(line => line.StartsWith("sidecar_observation", StringComparison.Ordinal))
            .ToDictionary(line => line.Split(' ')[0], line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    /// <summary>A server that says one thing and takes all.</summary>
    private sealed class Sink : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly byte[] _first;
        private long _received;

        public Sink(byte[] first)
        {
            _first = first;
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(512);
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

        public long Received => Interlocked.Read(ref _received);

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                    _ = TakeAsync(await _listener.AcceptAsync());
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task TakeAsync(Socket socket)
        {
            using var taken = socket;
            var buffer = new byte[16 * 1024];
            try
            {
                await socket.SendAsync(_first);
                while (await socket.ReceiveAsync(buffer) is var count and > 0)
                    Interlocked.Add(ref _received, count);
            }
            catch (SocketException)
            {
                // The client did not wait.
            }
        }
    }
}
