using System.Net.Sockets;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Authorization.Pools;

/// <summary>A sidecar of role alone that speaks dialect v1x to an Oracle that the test plays; one loop, so that connections meet.</summary>
internal sealed class KeptWay : IAsyncDisposable
{
    private readonly LoopbackListener _upstream;

    private KeptWay(LoopbackListener upstream, PlayedOracle oracle, RunningSidecar sidecar) =>
        (_upstream, Oracle, Sidecar) = (upstream, oracle, sidecar);

    public PlayedOracle Oracle { get; }

    public RunningSidecar Sidecar { get; }

    /// <summary>What each question looks like.</summary>
    public string QuestionPattern => $"^ask alone [a-z2-7]{{16}} alone 127[.]0[.]0[.]1 {_upstream.Port} 127[.]0[.]0[.]1 [0-9]+$";

    public static async Task<KeptWay> OpenAsync(string transport, params IEnumerable<string> options)
    {
        var (upstream, oracle) = (new LoopbackListener(), new PlayedOracle());
        string[] loops = transport == "epoll" ? ["--loops", "1"] : [];
        var sidecar = await RunningSidecar.StartAsync(
        [
            "--listen", "127.0.0.1:0", "--target", $"127.0.0.1:{upstream.Port}", "--oracle", $"127.0.0.1:{oracle.Port}",
            "--oracle-dialect", "v1x", "--transport", transport, .. loops, .. options,
        ]);
        return new KeptWay(upstream, oracle, sidecar);
    }

    public Task<Socket> ConnectAsync() => SocketTalk.ConnectAsync(Sidecar.Port);

    /// <summary>A client connects, and its question comes on a fresh connection, which is granted with <c>(xor 3)</c>.</summary>
    /// <returns>The connection to the Oracle, which the sidecar has kept by now if it keeps it.</returns>
    public async Task<Socket> FirstAsync(string answer = "ok (xor 3)\n")
    {
        using var client = await ConnectAsync();
        var asked = await Oracle.AcceptAsync();
        Assert.Matches(QuestionPattern, await asked.ReadLineAsync());
        await asked.SendAsync(answer);
        await RelaysAsync(client, 3);
        return asked;
    }

    /// <summary>Another client's question comes on a connection and is granted there.</summary>
    public async Task GrantAsync(Socket asked, string answer = "ok (xor 3)\n", byte key = 3)
    {
        using var client = await ConnectAsync();
        await asked.ReadLineAsync();
        await asked.SendAsync(answer);
        await RelaysAsync(client, key);
    }

    /// <summary>What a client sends reaches the upstream with the key that its answer named.</summary>
    public async Task RelaysAsync(Socket client, byte key)
    {
        using var served = await _upstream.AcceptAsync();
        await client.SendAllAsync([1]);
        Assert.Equal([(byte)(1 ^ key)], await served.ReadAsync(1));
        client.Finish();
        served.Finish();
        Assert.Empty(await client.ReadToEndAsync());
    }

    /// <summary>A client that was refused: it is told nothing, the service hears nothing, and the record says why.</summary>
    public async Task<RecordedConnection> IsRefusedAsync(Socket client, string reason)
    {
        Assert.Equal("", await client.ReadUntilClosedAsync());
        Assert.True(_upstream.IsUntouched);
        return await Sidecar.RecordAsync(record => record.Reason == reason);
    }

    public async ValueTask DisposeAsync()
    {
        await Sidecar.DisposeAsync();
        _upstream.Dispose();
        Oracle.Dispose();
    }
}
