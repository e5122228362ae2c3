using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Hosting.Reload;

/// <summary>What a reload does to listeners and connections, on both transports.</summary>
public sealed class ReloadTests : IDisposable
{
    // Of this test alone: no other listener can take a port there that has become free, and no client can connect to itself.
    private const string Own = "127.65.0.1";

    private readonly TempFolder _folder = new();

    public static TheoryData<string> Transports => ["epoll", "sockets"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Target_ThatChanges_IsThatOfNewConnectionsAndLiveOnesKeepTheirs(string transport)
    {
        using var one = new LoopbackListener();
        using var two = new LoopbackListener();
        await using var sidecar = await StartAsync(transport, Listener("a", target: one.Port));
        using var live = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await one.AcceptAsync();

        await ReloadAsync(sidecar, Listener("a", target: two.Port));

        using var later = await SocketTalk.ConnectAsync(sidecar.Port);
        using var servedLater = await two.AcceptAsync();
        Assert.True(one.IsUntouched);
        await live.SendAsync("still here");
        Assert.Equal("still here", await served.ReadTextAsync(10));
        var metrics = await sidecar.ScrapeAsync();
        Assert.Equal((2, 2), (metrics.Sum("sidecar_connections_opened_total", "listener=\"a\""), metrics.Sum("sidecar_connections_active", "listener=\"a\"")));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Listeners_AddedMovedAndRemoved_AcceptWhereTheyShallAndConnectionsGoOn(string transport)
    {
        await using var echo = new EchoServer();
        await using var sidecar = await StartAsync(transport, Listener("moves", Own, target: echo.Port), Listener("goes", Own, target: echo.Port));
        var (moved, gone) = (sidecar.Listeners["moves"].Address.Port, sidecar.Listeners["goes"].Address.Port);
        using var first = await TalkAsync(moved, IPAddress.Parse(Own));
        using var second = await TalkAsync(gone, IPAddress.Parse(Own));

        await ReloadAsync(sidecar, Listener("moves", "127.0.0.2", target: echo.Port), Listener("comes", target: echo.Port));

        await IsClosedAsync(moved);
        await IsClosedAsync(gone);
        using var third = await TalkAsync(sidecar.Listeners["moves"].Address.Port, IPAddress.Parse("127.0.0.2"));
        using var fourth = await TalkAsync(sidecar.Listeners["comes"].Address.Port);
        foreach (var live in new[] { first, second })
        {
            await live.SendAsync("still here");
            Assert.Equal("still here", await live.ReadTextAsync(10));
        }

        var metrics = await sidecar.ScrapeAsync();
        Assert.Equal((2, 1, 1), (Opened("moves"), Opened("goes"), Opened("comes")));

        // One that comes back goes on counting.
        await ReloadAsync(sidecar, Listener("goes", target: echo.Port));
        using var fifth = await TalkAsync(sidecar.Listeners["goes"].Address.Port);
        metrics = await sidecar.ScrapeAsync();
        Assert.Equal((2, 2, 1), (Opened("moves"), Opened("goes"), Opened("comes")));

        double Opened(string listener) => metrics.Sum("sidecar_connections_opened_total", $"listener=\"{listener}\"");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Drain_AfterReloads_ClosesListenersOfEveryGeneration(string transport)
    {
        await using var echo = new EchoServer();
        await using var sidecar = await StartAsync(transport, Listener("old", target: echo.Port));
        await ReloadAsync(sidecar, Listener("old", target: echo.Port), Listener("new", target: echo.Port));
        var ports = sidecar.Ports;
        using var live = await TalkAsync(ports[1]);

        var stopping = sidecar.StopAsync();

        await Eventually.TrueAsync(() => !ports.Any(KernelSockets.IsListening));
        Assert.False(await sidecar.ReloadAsync());
        await stopping;
    }

    [Fact]
    public async Task File_ThatIsWrong_IsRefusedWithEachErrorAndTheOldOneStays()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await StartAsync("epoll", Listener("a", target: upstream.Port));
        var file = WriteText("listeners:\n  - {listen: \"127.0.0.1:0\", role: boss}\nloops: some\n");

        Assert.False(await sidecar.ReloadAsync());

        Assert.Equal(
            [
                $"The configuration was refused: {file}:2: listeners.0.role 'boss': alone, outbound (p1, client) or inbound (p2, server) is expected; generation 1 stays in force ",
                $"The configuration was refused: {file}:3: loops 'some': a whole number 1 to 256 is expected; generation 1 stays in force ",
            ],
            sidecar.TakeErrors().Distinct());
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        var metrics = await sidecar.ScrapeAsync();
        Assert.Equal(0, metrics.Sum("sidecar_config_reloads_total", "result=\"success\""));
        Assert.InRange(metrics.Sum("sidecar_config_reloads_total", "result=\"failure\""), 1, 2);
        var before = metrics.Sum("sidecar_config_last_reload_success_timestamp_seconds");

        await ReloadAsync(sidecar, Listener("a", target: upstream.Port));

        metrics = await sidecar.ScrapeAsync();
        Assert.InRange(metrics.Sum("sidecar_config_reloads_total", "result=\"success\""), 1, 2);
        Assert.True(metrics.Sum("sidecar_config_last_reload_success_timestamp_seconds") > before);
        // The watch of the file may have seen the wrong one as well.
        sidecar.TakeErrors();
    }

    [Fact]
    public async Task Listener_ThatCannotBeBound_RefusesTheWholeReload()
    {
        using var upstream = new LoopbackListener();
        using var other = new LoopbackListener();
        using var held = new LoopbackListener();
        await using var sidecar = await StartAsync("epoll", Listener("a", target: upstream.Port));
        Write(Listener("a", target: other.Port), Listener("b", target: other.Port), Listener("c", port: held.Port, target: other.Port));

        Assert.False(await sidecar.ReloadAsync());

        Assert.Contains($"listeners.2.listen '127.0.0.1:{held.Port}': the port is in use", sidecar.TakeErrors()[0], StringComparison.Ordinal);
        Assert.Equal(["a"], sidecar.Listeners.Keys);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        await ReloadAsync(sidecar, Listener("a", target: upstream.Port));
        sidecar.TakeErrors();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task PortOfAListenerThatCameLater_IsASelfCallForConnectionsThatWereThereBefore(string transport)
    {
        await using var sidecar = await StartAsync(transport, "{name: a, listen: \"127.0.0.1:0\", mode: socks4}");
        using var before = await SocketTalk.ConnectAsync(sidecar.Port);
        await before.SendAllAsync([4]);
        await sidecar.Admin.ConnectionInAsync("handshake");
        await ReloadAsync(sidecar, "{name: a, listen: \"127.0.0.1:0\", mode: socks4}", Listener("later", target: 9));
        var port = sidecar.Listeners["later"].Address.Port;

        await before.SendAllAsync([1, (byte)(port >> 8), (byte)port, 127, 0, 0, 1, 0]);

        Assert.Equal("\0\u005b\0\0\0\0\0\0", await before.ReadUntilClosedAsync());
        Assert.Equal("self_call", (await sidecar.RecordAsync()).Reason);
    }

    [Fact]
    public async Task Limits_ThatChange_HoldForNewConnections()
    {
        await using var echo = new EchoServer();
        await using var sidecar = await StartAsync("epoll", Listener("a", target: echo.Port));
        using var live = await TalkAsync(sidecar.Port);

        WriteText($"limits: {{connections: 1}}\nlisteners:\n  - {Listener("a", target: echo.Port)}\n");
        Assert.True(await sidecar.ReloadAsync());

        await SocketTalk.IsRefusedAsync(sidecar.Port);
        Assert.Equal(1, (await sidecar.ScrapeAsync()).Sum("sidecar_connections_limit"));
        await ReloadAsync(sidecar, Listener("a", target: echo.Port));
        using var more = await TalkAsync(sidecar.Port);
    }

    [Fact]
    public async Task Oracle_ThatComesByAReload_IsWaitedForAndAsked()
    {
        await using var echo = new EchoServer();
        using var silent = new RefusingPort();
        using var oracle = new PlayedOracle();
        await using var sidecar = await StartAsync("epoll", Listener("a", target: echo.Port));
        var health = sidecar.MonitoringPorts[1];

        WriteText($"oracle: {{address: \"127.0.0.1:{silent.Port}\"}}\nlisteners:\n  - {Listener("a", target: echo.Port)}\n");
        Assert.True(await sidecar.ReloadAsync());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await RunningSidecar.StatusAsync(health, "/readyz"));
        WriteText($"oracle: {{address: \"127.0.0.1:{oracle.Port}\"}}\nlisteners:\n  - {Listener("a", target: echo.Port)}\n");
        Assert.True(await sidecar.ReloadAsync());
        await Eventually.TrueAsync(async () => await RunningSidecar.StatusAsync(health, "/readyz") == HttpStatusCode.OK);

        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var asked = await oracle.AcceptAsync();
        Assert.StartsWith("hello alone ", await asked.ReadLineAsync(), StringComparison.Ordinal);
        await asked.SendAsync("ok idt\n");
        await client.SendAsync("x");
        Assert.Equal("x", await client.ReadTextAsync(1));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Generation_ThatNoConnectionHas_LeavesTheMemory(string transport)
    {
        await using var echo = new EchoServer();
        await using var sidecar = await StartAsync(transport, Listener("a", target: echo.Port), Listener("b", target: echo.Port));
        await UseAsync(sidecar);
        List<WeakReference> old = [.. OldPipelines(sidecar)];

        await ReloadAsync(sidecar, Listener("a", target: echo.Port));

        await Eventually.TrueAsync(() =>
        {
            GC.Collect();
            return old.TrueForAll(pipeline => !pipeline.IsAlive);
        });
    }

    private static async Task UseAsync(RunningSidecar sidecar)
    {
        foreach (var port in sidecar.Ports)
        {
            using var client = await TalkAsync(port);
            client.Finish();
            Assert.Empty(await client.ReadToEndAsync());
        }

        await Eventually.TrueAsync(() => sidecar.Records.Count == 2);
    }

    // Not a local of the test, which would keep them.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IEnumerable<WeakReference> OldPipelines(RunningSidecar sidecar) =>
        sidecar.Listeners.Values.Select(listener => new WeakReference(listener.Current.Pipeline));

    private static async Task<Socket> TalkAsync(int port, IPAddress? address = null)
    {
        var client = await SocketTalk.ConnectAsync(port, address);
        await client.SendAsync("x");
        Assert.Equal("x", await client.ReadTextAsync(1));
        return client;
    }

    private static async Task IsClosedAsync(int port)
    {
        var refused = await Assert.ThrowsAsync<SocketException>(() => SocketTalk.ConnectAsync(port, IPAddress.Parse(Own)));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    private static string Listener(string name, string address = "127.0.0.1", int port = 0, int target = 9) =>
        $"{{name: {name}, listen: \"{address}:{port}\", target: \"127.0.0.1:{target}\"}}";

    private Task<RunningSidecar> StartAsync(string transport, params IEnumerable<string> listeners) =>
        RunningSidecar.StartAsync("--config", Write(listeners), "--transport", transport);

    private async Task ReloadAsync(RunningSidecar sidecar, params IEnumerable<string> listeners)
    {
        Write(listeners);
        Assert.True(await sidecar.ReloadAsync());
    }

    private string Write(params IEnumerable<string> listeners) =>
        WriteText("listeners:\n" + string.Concat(listeners.Select(listener => $"  - {listener}\n")));

    private string WriteText(string yaml) => _folder.Write("sidecar.yaml", yaml);
}
