using System.Net.Sockets;
using System.Text;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Routes;

/// <summary>An outbound sidecar with routes, for SOCKS clients, because these can name any destination. Its transform is <c>not</c>.</summary>
internal sealed class RoutedSidecar : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly string _process;

    private RoutedSidecar(TempFolder folder, string process, RunningSidecar sidecar) => (_folder, _process, Running) = (folder, process, sidecar);

    public RunningSidecar Running { get; }

    /// <summary>The warnings of connections that fell back to plain ones.</summary>
    public IReadOnlyList<string> Downgrades => [.. Running.Warnings.Where(line => line.Contains("is not a sidecar", StringComparison.Ordinal))];

    /// <summary>Starts one.</summary>
    /// <param name="routes">Its routes as a file has them, without the brackets around all.</param>
    /// <param name="process">More lines of the file; the default has a transform and no Oracle.</param>
    /// <param name="words">Words of the command line.</param>
    public static async Task<RoutedSidecar> StartAsync(string routes, string process = "", params IEnumerable<string> words)
    {
        var folder = new TempFolder();
        var file = folder.Write("sidecar.yaml", Config(routes, process));
        return new RoutedSidecar(folder, process, await RunningSidecar.StartAsync(["--config", file, "--log-level", "warning", .. words]));
    }

    /// <summary>Gives new connections other routes.</summary>
    public async Task SetRoutesAsync(string routes)
    {
        _folder.Write("sidecar.yaml", Config(routes, _process));
        Assert.True(await Running.ReloadAsync());
    }

    /// <summary>A client that asks for a port of loopback, or of a name.</summary>
    public async Task<Socket> AskAsync(int port, string host = "127.0.0.1")
    {
        var client = await SocketTalk.ConnectAsync(Running.Port);
        // SOCKS4a: 0.0.0.1 stands for the name at the end.
        await client.SendAllAsync([4, 1, (byte)(port >> 8), (byte)port, 0, 0, 0, 1, 0, .. Encoding.ASCII.GetBytes(host), 0]);
        return client;
    }

    /// <summary>The client's request is granted.</summary>
    public static async Task IsGrantedAsync(Socket client) => Assert.Equal("\0\u005a\0\0\0\0\0\0", await client.ReadTextAsync(8));

    /// <summary>The client's request is rejected, and its connection ended.</summary>
    public static async Task IsRejectedAsync(Socket client) => Assert.Equal("\0\u005b\0\0\0\0\0\0", await client.ReadUntilClosedAsync());

    /// <summary>Bytes pass in both directions, and arrive as these.</summary>
    public static async Task TalkAsync(Socket client, Socket served, Func<byte, byte> wire)
    {
        await client.SendAsync("ping");
        Assert.Equal("ping"u8.ToArray().Select(wire), await served.ReadAsync(4));
        await served.SendAllAsync([.. "pong"u8.ToArray().Select(wire)]);
        Assert.Equal("pong", await client.ReadTextAsync(4));
    }

    /// <summary>Both end; the record of the connection.</summary>
    public async Task<RecordedConnection> EndAsync(Socket client, Socket served)
    {
        var before = Running.Records.Count;
        client.Finish();
        Assert.Empty(await served.ReadToEndAsync());
        served.Finish();
        Assert.Empty(await client.ReadToEndAsync());
        await Eventually.TrueAsync(() => Running.Records.Count > before);
        return Running.Records[before];
    }

    /// <summary>Greets back as a p2; the greeting without its id.</summary>
    public static async Task<string> AcceptGreetingAsync(Socket served)
    {
        var words = (await served.ReadLineAsync()).Split(' ');
        Assert.Equal("bonjour", words[0]);
        await served.SendAsync($"ok {words[1]}\n");
        return string.Join(' ', words[2..]);
    }

    /// <summary>How many connections with a mode turned out so.</summary>
    public async Task<double> DecisionsAsync(string mode, string result) =>
        (await Running.ScrapeAsync()).Sum("sidecar_peer_decisions_total", "listener=\"out\"", $"mode=\"{mode}\"", $"result=\"{result}\"");

    public async ValueTask DisposeAsync()
    {
        await Running.DisposeAsync();
        _folder.Dispose();
    }

    private static string Config(string routes, string process) => $$"""
        listeners:
          - name: out
            listen: "127.0.0.1:0"
            role: outbound
            mode: socks4
        {{(process.Contains("oracle:", StringComparison.Ordinal) ? "" : "    transform: not")}}
        {{(routes.Length == 0 ? "" : $"    routes: [{routes}]")}}
        {{process}}
        """;
}
