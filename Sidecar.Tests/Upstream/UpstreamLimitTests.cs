using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Upstream;

/// <summary>Limits and outlier detection over real sockets, and what an operator sees of them.</summary>
[SystemTest]
public sealed class UpstreamLimitTests
{
    private static readonly TimeSpan Ejection = TimeSpan.FromSeconds(4);

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Connections_OfManyClientsAtOnce_AreLimitedToTheConnection(string transport)
    {
        const int Limit = 5;
        const int Clients = 40;
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port, "--transport", transport, "--upstream-max-connections", $"{Limit}");
        for (var wave = 1; wave <= 2; wave++)
        {
            var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => TryConnectAsync(sidecar.Port)));
            for (var i = 0; i < Limit; i++)
                await upstream.AcceptAsync();
            await Eventually.TrueAsync(() => Refused(sidecar) == wave * (Clients - Limit));
            Assert.True(upstream.IsUntouched);
            Assert.Equal(Limit, (await OnlyUpstreamAsync(sidecar)).GetProperty("connections").GetInt32());
            foreach (var client in clients)
                client?.Reset();
            await Eventually.TrueAsync(async () => (await OnlyUpstreamAsync(sidecar)).GetProperty("connections").GetInt32() == 0);
        }

        Assert.Contains(sidecar.Records, r => r.Text("detail") == $"more than {Limit} connections to 127.0.0.1:{upstream.Port}");
        var metrics = await sidecar.ScrapeAsync();
        Assert.Equal(2 * (Clients - Limit), metrics.Sum("sidecar_connections_total", "reason=\"upstream_limit\""));
        Assert.Equal(2 * (Clients - Limit), metrics.Sum("sidecar_upstream_limited_total", "limit=\"connections\""));
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Connections_ThatComeAndGo_AreNeverMoreThanTheLimitAtTheServer(string transport)
    {
        const int Limit = 3;
        await using var upstream = new CountingServer();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port, "--transport", transport, "--upstream-max-connections", $"{Limit}");

        await Task.WhenAll(Enumerable.Range(0, 12).Select(async _ =>
        {
            for (var i = 0; i < 15; i++)
            {
                using var client = await TryConnectAsync(sidecar.Port);
                if (client is not null)
                    await client.ReadUntilClosedAsync();
            }
        }));

        Assert.InRange(upstream.Most, 1, Limit);
        await Eventually.TrueAsync(async () => (await OnlyUpstreamAsync(sidecar)).GetProperty("connections").GetInt32() == 0);
        using var last = await SocketTalk.ConnectAsync(sidecar.Port);
        Assert.Equal("served", await last.ReadUntilClosedAsync());
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Server_ThatRefusesForAWhile_IsEjectedAndComesBack(string transport)
    {
        using var upstream = new FlappingServer();
        await using var sidecar = await RunningSidecar.AloneAsync(
            upstream.Port, "--transport", transport, "--connect-attempts", "1", "--outlier-failures", "3", "--outlier-ejection-time", $"{Ejection.TotalSeconds}s");
        await IsRelayedAsync(upstream, sidecar);

        upstream.Refuse();
        var watch = Stopwatch.StartNew();
        while (Count(sidecar, "circuit_open") == 0)
            await EndsAsync(sidecar);

        // Unless this machine stood still for the whole ejection, the fourth was the first without an attempt.
        if (watch.Elapsed < Ejection)
            Assert.Equal(3, Count(sidecar, "connect_failed"));
        var ejected = await OnlyUpstreamAsync(sidecar);
        Assert.Contains(ejected.GetProperty("circuit").GetString(), (string[])["open", "half_open"]);
        Assert.Equal(1, (await sidecar.ScrapeAsync()).Sum("sidecar_upstream_ejected"));

        upstream.Accept();
        Socket? client;
        while ((client = await TryConnectAsync(sidecar.Port, "circuit_open", sidecar)) is null)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        using var recovered = client;
        using var served = await upstream.AcceptAsync();

        Assert.True(watch.Elapsed >= Ejection, $"{watch.Elapsed}");
        await IsRelayedAsync(upstream, sidecar);
        var closed = await OnlyUpstreamAsync(sidecar);
        Assert.Equal(("closed", 0), (closed.GetProperty("circuit").GetString(), closed.GetProperty("failures").GetInt32()));
        Assert.False(closed.TryGetProperty("ejected_for_ms", out _) || closed.TryGetProperty("since_failure_ms", out _));
        var metrics = await sidecar.ScrapeAsync();
        Assert.Equal(0, metrics.Sum("sidecar_upstream_ejected"));
        Assert.True(metrics.Sum("sidecar_upstream_ejections_total") >= 1);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Connects_ThatAreNotAnswered_AreLimited(string transport)
    {
        await using var upstream = await HangingPort.OpenAsync();
        await using var sidecar = await RunningSidecar.AloneAsync(
            upstream.Port, "--transport", transport, "--connect-attempts", "1", "--upstream-max-pending", "1", "--connect-timeout", "3s");
        using var first = await SocketTalk.ConnectAsync(sidecar.Port);
        await Eventually.TrueAsync(async () => (await UpstreamsAsync(sidecar)) is [var only] && only.GetProperty("pending").GetInt32() == 1);

        await SocketTalk.IsRefusedAsync(sidecar.Port);

        var refused = await sidecar.RecordAsync(r => r.Reason == "upstream_limit");
        Assert.Equal($"more than 1 connects to 127.0.0.1:{upstream.Port} in progress", refused.Text("detail"));
        await sidecar.RecordAsync(r => r.Reason == "connect_timeout");
        Assert.Equal(0, (await OnlyUpstreamAsync(sidecar)).GetProperty("pending").GetInt32());
    }

    [Fact]
    public async Task Connects_ThatComeFast_AreLimited()
    {
        await using var upstream = new EchoServer();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port, "--upstream-connect-rate", "1");

        while (Count(sidecar, "upstream_limit") == 0)
            (await TryConnectAsync(sidecar.Port))?.Dispose();

        Assert.Equal($"more than 1 connects to 127.0.0.1:{upstream.Port} in a second", sidecar.Records.First(r => r.Reason == "upstream_limit").Text("detail"));
        Assert.True((await sidecar.ScrapeAsync()).Sum("sidecar_upstream_limited_total", "limit=\"rate\"") >= 1);
    }

    [Fact]
    public async Task Reload_ThatChangesALimit_CountsTheConnectionsThatWereThere()
    {
        using var upstream = new LoopbackListener();
        using var folder = new TempFolder();
        string Config(string limit) => folder.Write("sidecar.yaml", $$"""
            listeners: [{name: a, listen: "127.0.0.1:0", target: "127.0.0.1:{{upstream.Port}}"}]
            upstream: {max-connections: {{limit}}}
            """);
        await using var sidecar = await RunningSidecar.StartAsync("--config", Config("off"));
        using var first = await SocketTalk.ConnectAsync(sidecar.Port);
        await upstream.AcceptAsync();
        using var second = await SocketTalk.ConnectAsync(sidecar.Port);
        await upstream.AcceptAsync();

        Config("2");
        Assert.True(await sidecar.ReloadAsync());
        await SocketTalk.IsRefusedAsync(sidecar.Port);
        await sidecar.RecordAsync(r => r.Reason == "upstream_limit");

        Config("off");
        Assert.True(await sidecar.ReloadAsync());
        using var third = await SocketTalk.ConnectAsync(sidecar.Port);
        await upstream.AcceptAsync();
        Assert.Equal(3, (await OnlyUpstreamAsync(sidecar)).GetProperty("connections").GetInt32());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("many")]
    public async Task Get_WithAWrongLimit_IsRefused(string limit)
    {
        await using var sidecar = await RunningSidecar.AloneAsync(9);
        using var response = await sidecar.Admin.SendAsync("GET", $"/upstreams?limit={limit}");
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, response.StatusCode);
    }

    private static int Refused(RunningSidecar sidecar) => Count(sidecar, "upstream_limit");

    private static int Count(RunningSidecar sidecar, string reason) => sidecar.Records.Count(r => r.Reason == reason);

    private static async Task<JsonElement> OnlyUpstreamAsync(RunningSidecar sidecar) => Assert.Single(await UpstreamsAsync(sidecar));

    private static async Task<JsonElement[]> UpstreamsAsync(RunningSidecar sidecar)
    {
        using var response = await sidecar.Admin.SendAsync("GET", "/upstreams");
        JsonElement[] all = [.. JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.EnumerateArray()];
        Assert.Equal($"{all.Length}", Assert.Single(response.Headers.GetValues("X-Total-Count")));
        return all;
    }

    // Null if it was reset before connect returned.
    private static async Task<Socket?> TryConnectAsync(int port)
    {
        try
        {
            return await SocketTalk.ConnectAsync(port);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            return null;
        }
    }

    // A connection, or null if one more has ended for the reason.
    private static async Task<Socket?> TryConnectAsync(int port, string reason, RunningSidecar sidecar)
    {
        var before = Count(sidecar, reason);
        if (await TryConnectAsync(port) is not { } client)
            return null;
        await Eventually.TrueAsync(async () => Count(sidecar, reason) > before || (await sidecar.Admin.ConnectionsAsync()).Any(c => c.GetProperty("state").GetString() == "relaying"));
        if (Count(sidecar, reason) == before)
            return client;
        client.Dispose();
        return null;
    }

    private static async Task EndsAsync(RunningSidecar sidecar)
    {
        var before = sidecar.Records.Count;
        await SocketTalk.IsRefusedAsync(sidecar.Port);
        await Eventually.TrueAsync(() => sidecar.Records.Count > before);
    }

    private static async Task IsRelayedAsync(FlappingServer upstream, RunningSidecar sidecar)
    {
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        await client.SendAsync("ping");
        Assert.Equal("ping", await served.ReadTextAsync(4));
        client.Finish();
        served.Finish();
        Assert.Empty(await client.ReadToEndAsync());
        var completed = Count(sidecar, "completed");
        await Eventually.TrueAsync(() => Count(sidecar, "completed") >= Math.Max(1, completed));
    }

    /// <summary>Serves each connection for a moment, and counts how many it has at once; it leaves a connection before it closes it.</summary>
    private sealed class CountingServer : IAsyncDisposable
    {
        private readonly LoopbackListener _listener = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _accepting;
        private readonly Lock _lock = new();
        private int _now;

        public CountingServer() => _accepting = AcceptAsync();

        public int Port => _listener.Port;

        public int Most { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _listener.Dispose();
            await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }

        private async Task AcceptAsync()
        {
            while (!_stop.IsCancellationRequested)
                _ = ServeAsync(await _listener.AcceptAnyAsync());
        }

        private async Task ServeAsync(Socket socket)
        {
            lock (_lock)
                Most = Math.Max(Most, ++_now);
            await Task.Delay(5);
            lock (_lock)
                _now--;
            try
            {
                await socket.SendAsync("served"u8.ToArray());
            }
            catch (SocketException)
            {
                // The client has reset it.
            }

            socket.Dispose();
        }
    }
}
