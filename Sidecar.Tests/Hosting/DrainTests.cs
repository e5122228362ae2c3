using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Processes;
using Sidecar.Tests.EndToEnd.Transfers;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Hosting;

/// <summary>The end of the real process, as an orchestrator and an operator see it.</summary>
public sealed class DrainTests
{
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Signal_WithALiveConnection_ClosesTheListenersAndTheOwnEndpointsAnswer(string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(upstream.Port, "--transport", transport, "--drain", "1h");
        var (client, served) = await TalkAsync(sidecar, upstream);
        Assert.Equal((200, "ready\n"), await sidecar.GetAsync("health", "/readyz"));

        sidecar.Signal(ProcessSignal.Terminate);
        await sidecar.IsStoppingAsync();

        Assert.Equal(503, (await sidecar.GetAsync("health", "/readyz")).Status);
        await Eventually.TrueAsync(() => !KernelSockets.IsListening(sidecar.Port));
        var refused = await Assert.ThrowsAsync<SocketException>(() => SocketTalk.ConnectAsync(sidecar.Port));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        Assert.Equal((200, "ok\n"), await sidecar.GetAsync("health", "/healthz"));
        Assert.Contains("sidecar_connections_active{listener=\"alone\",role=\"alone\"} 1\n", (await sidecar.GetAsync("metrics", "/metrics")).Body, StringComparison.Ordinal);
        Assert.Single(await (await sidecar.AdminAsync()).ConnectionsAsync());
        await FinishAsync(client, served);
        await sidecar.EndsAsync();
        Assert.Equal("completed", Assert.Single(sidecar.Records()).Reason);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Signal_Twice_ResetsAllAtOnce(string transport)
    {
        using var upstream = new LoopbackListener();
        using var oracle = new PlayedOracle();
        await using var sidecar = await StartedSidecar.StartAsync(
            upstream.Port, "--transport", transport, "--oracle", $"127.0.0.1:{oracle.Port}", "--drain", "1h", "--handshake-timeout", "1m");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var asked = await oracle.AcceptAsync();
        await asked.ReadLineAsync();
        await asked.SendAsync("ok idt\n");
        using var served = await upstream.AcceptAsync();
        // The stage of this one waits for another party, and a reset of its own sockets does not wake it.
        using var unanswered = await SocketTalk.ConnectAsync(sidecar.Port);
        using var silent = await oracle.AcceptAsync();
        sidecar.Signal(ProcessSignal.Terminate);
        await sidecar.IsStoppingAsync();

        var watch = Stopwatch.StartNew();
        var ending = sidecar.StopAsync(ProcessSignal.Interrupt);
        await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync(), unanswered.IsResetAsync());
        await ending;

        // Half a second for those that wait for others; the rest is for a loaded machine. The handshake alone would take a minute.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Equal(["draining", "draining"], sidecar.Records().Select(r => r.Reason));
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Post_Repeated_OnlyTellsWhatIsLeft(string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(upstream.Port, "--transport", transport, "--drain", "1h");
        var admin = await sidecar.AdminAsync();
        var (client, served) = await TalkAsync(sidecar, upstream);

        for (var i = 0; i < 3; i++)
        {
            using var response = await admin.SendAsync("POST", "/drain");
            Assert.Equal(202, (int)response.StatusCode);
            var told = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
            Assert.Equal((1, 3_600_000), (told.GetProperty("connections").GetInt32(), told.GetProperty("drain_ms").GetInt32()));
            Assert.Equal(503, (await sidecar.GetAsync("health", "/readyz")).Status);
        }

        // A hook that drains comes right before the signal, which is then the first.
        sidecar.Signal(ProcessSignal.Terminate);
        await FinishAsync(client, served);
        await sidecar.EndsAsync();
        Assert.Equal("completed", Assert.Single(sidecar.Records()).Reason);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Post_WithAConnectionThatStays_ResetsItAfterTheDrainTime(string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(upstream.Port, "--transport", transport, "--drain", "300ms");
        var (client, served) = await TalkAsync(sidecar, upstream);

        var watch = Stopwatch.StartNew();
        Assert.Equal(202, (int)await (await sidecar.AdminAsync()).StatusAsync("POST", "/drain"));
        await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync());

        await sidecar.EndsAsync();
        Assert.True(watch.ElapsedMilliseconds >= 290, $"{watch.Elapsed}");
        Assert.Equal("draining", Assert.Single(sidecar.Records()).Reason);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Signal_UnderLoad_CompletesEveryTransferThatHasBegun(string transport)
    {
        const int transfers = 64;
        await using var echo = new EchoServer();
        await using var sidecar = await StartedSidecar.StartAsync(echo.Port, "--transport", transport, "--drain", "1h");
        var begun = new CountdownEvent(transfers);
        var signalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var running = Enumerable.Range(0, transfers).Select(n => Task.Run(() => TransferAsync(sidecar.Port, n, begun, signalled.Task))).ToList();
        await Task.Run(() => begun.Wait(SocketTalk.Limit), TestContext.Current.CancellationToken);
        sidecar.Signal(ProcessSignal.Terminate);
        await sidecar.IsStoppingAsync();
        signalled.SetResult();

        await Task.WhenAll(running);
        await sidecar.EndsAsync();
        Assert.Equal(Enumerable.Repeat("completed", transfers), sidecar.Records().Select(r => r.Reason));
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Signal_WithADelay_AcceptsAndServesWhileItIsNotReady(string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(upstream.Port, "--transport", transport, "--drain-delay", "1h", "--drain", "1h");
        Assert.Contains("sidecar_draining 0\n", (await sidecar.GetAsync("metrics", "/metrics")).Body, StringComparison.Ordinal);

        sidecar.Signal(ProcessSignal.Terminate);
        await sidecar.IsStoppingAsync();

        Assert.Equal((503, "not ready: stopping\n"), await sidecar.GetAsync("health", "/readyz"));
        Assert.Contains("sidecar_draining 1\n", (await sidecar.GetAsync("metrics", "/metrics")).Body, StringComparison.Ordinal);
        var (client, served) = await TalkAsync(sidecar, upstream);
        await FinishAsync(client, served);
        await Eventually.TrueAsync(() => sidecar.Records().Count == 1);
        // The second signal ends the delay too.
        await sidecar.StopAsync(ProcessSignal.Terminate);
        Assert.Equal("completed", Assert.Single(sidecar.Records()).Reason);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Signal_WhenTheDelayIsOver_ClosesAndLiveConnectionsHaveTheDrainTime(string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(upstream.Port, "--transport", transport, "--drain-delay", "300ms", "--drain", "1h");
        var (client, served) = await TalkAsync(sidecar, upstream);

        sidecar.Signal(ProcessSignal.Terminate);

        await Eventually.TrueAsync(() => !KernelSockets.IsListening(sidecar.Port));
        await FinishAsync(client, served);
        await sidecar.EndsAsync();
        Assert.Equal("completed", Assert.Single(sidecar.Records()).Reason);
    }

    // An application that answers its last requests still asks others.
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Drain_OfBothRoles_ServesTheApplicationUntilItIsGone(string transport)
    {
        using var application = new LoopbackListener();
        using var peer = new LoopbackListener();
        using var folder = new TempFolder();
        var config = folder.Write("pod.yaml", $$"""
            listeners:
              - {name: in, listen: "127.0.0.1:0", role: inbound, target: "127.0.0.1:{{application.Port}}"}
              - {name: out, listen: "127.0.0.1:0", role: outbound, target: "127.0.0.1:{{peer.Port}}"}
            """);
        await using var sidecar = await RunningSidecar.StartAsync("--config", config, "--transport", transport, "--drain", "1h");
        var (inbound, outbound) = (sidecar.Ports[0], sidecar.Ports[1]);
        using var client = await SocketTalk.ConnectAsync(inbound);
        await client.SendAsync("bonjour a\n");
        Assert.Equal("ok a", await client.ReadLineAsync());
        using var served = await application.AcceptAsync();

        sidecar.Drain.Begin();

        await Eventually.TrueAsync(() => !KernelSockets.IsListening(inbound));
        using var asking = await SocketTalk.ConnectAsync(outbound);
        using var asked = await peer.AcceptAsync();
        await asked.SendAsync($"ok {(await asked.ReadLineAsync()).Split(' ')[1]}\n");
        await asking.SendAsync("question");
        asking.Finish();
        Assert.Equal("question"u8.ToArray(), await asked.ReadToEndAsync());
        asked.Finish();
        Assert.Empty(await asking.ReadToEndAsync());
        Assert.True(KernelSockets.IsListening(outbound));

        client.Finish();
        served.Finish();
        await sidecar.Drain.RunAsync().WaitAsync(SocketTalk.Limit, TestContext.Current.CancellationToken);
        Assert.False(KernelSockets.IsListening(outbound));
        Assert.Equal(["completed", "completed"], sidecar.Records.Select(r => r.Reason));
    }

    private static async Task TransferAsync(int port, int seed, CountdownEvent begun, Task signalled)
    {
        using var client = await SocketTalk.ConnectAsync(port);
        await client.SendAsync("x");
        Assert.Equal("x", await client.ReadTextAsync(1));
        begun.Signal();
        // Half of them are in full flow when the signal comes, half are silent.
        if (seed % 2 == 0)
            await signalled.WaitAsync(SocketTalk.Limit);
        var sending = RandomTransfer.SendAsync(client, 3_000_000, seed);
        var (count, hash) = await RandomTransfer.ReceiveAsync(client);
        Assert.Equal((3_000_000, await sending), (count, hash));
    }

    private static async Task FinishAsync(Socket client, Socket served)
    {
        await client.SendAsync("last words");
        client.Finish();
        Assert.Equal("last words"u8.ToArray(), await served.ReadToEndAsync());
        served.Finish();
        Assert.Empty(await client.ReadToEndAsync());
        client.Dispose();
    }

    private static async Task<(Socket Client, Socket Served)> TalkAsync(StartedSidecar sidecar, LoopbackListener upstream)
    {
        var client = await SocketTalk.ConnectAsync(sidecar.Port);
        var served = await upstream.AcceptAsync();
        await client.SendAsync("ping");
        Assert.Equal("ping", await served.ReadTextAsync(4));
        return (client, served);
    }
}
