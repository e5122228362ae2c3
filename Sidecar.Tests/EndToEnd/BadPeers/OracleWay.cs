using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.BadPeers;

/// <summary>A connection through a sidecar of one role, up to the moment in which it asks the Oracle.</summary>
internal sealed class OracleWay : IAsyncDisposable
{
    /// <summary>Above the default of 3 s, so that an ignored option shows; and so long that a busy machine still does in it what a test must.</summary>
    public const string LongHandshake = "4s";

    /// <summary>What such a handshake lasts at least, in milliseconds; event loops measure from the start of a turn.</summary>
    public const double LeastLongMs = 3900;

    private readonly LoopbackListener _upstream;
    private readonly string _role;
    private Socket? _p2;

    private OracleWay(string role, RunningSidecar sidecar, LoopbackListener upstream, Socket client) =>
        (_role, Sidecar, _upstream, Client) = (role, sidecar, upstream, client);

    public RunningSidecar Sidecar { get; }

    public Socket Client { get; }

    public static async Task<OracleWay> OpenAsync(string role, int oracle, string handshakeTimeout, params IEnumerable<string> options)
    {
        var upstream = new LoopbackListener();
        var sidecar = await RunningSidecar.StartAsync(
            ["0", "127.0.0.1", $"{upstream.Port}", "127.0.0.1", $"{oracle}", "127.0.0.1", role, "--handshake-timeout", handshakeTimeout, .. options]);
        var way = new OracleWay(role, sidecar, upstream, await SocketTalk.ConnectAsync(sidecar.Port));
        if (role == "p2")
            await way.Client.SendAsync("bonjour abc\n");
        if (role == "p1")
        {
            way._p2 = await upstream.AcceptAsync();
            await way._p2.SendAsync($"ok {(await way._p2.ReadLineAsync()).Split(' ')[1]}\n");
        }

        return way;
    }

    /// <summary>The upstream's end of the granted connection.</summary>
    public async Task<Socket> UpstreamAsync() => _p2 ?? await _upstream.AcceptAsync();

    /// <summary>The client is told nothing but the end, p1 is told <c>fail</c>, the service hears nothing.</summary>
    public async Task<RecordedConnection> EndsForAsync(string reason)
    {
        Assert.Equal(_role == "p2" ? "fail abc\n" : "", await Client.ReadUntilClosedAsync());
        if (_p2 is not null)
            await _p2.IsResetAsync();
        else
            Assert.True(_upstream.IsUntouched);
        return await Sidecar.EndsForAsync(reason);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _p2?.Dispose();
        await Sidecar.DisposeAsync();
        _upstream.Dispose();
    }
}
