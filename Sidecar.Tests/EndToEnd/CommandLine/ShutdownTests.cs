using System.Net.Sockets;
using Processes;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.CommandLine;

/// <summary>SIGTERM and SIGINT: stop accepting, give live connections the drain time, end with 0.</summary>
public sealed class ShutdownTests
{
    // Well below what a test waits for, well above what an idle process needs on a loaded machine.
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(ProcessSignal.Terminate, "epoll")]
    [InlineData(ProcessSignal.Interrupt, "epoll")]
    [InlineData(ProcessSignal.Terminate, "sockets")]
    public async Task Signal_WithoutConnections_EndsAtOnceHoweverLongTheDrainTime(ProcessSignal signal, string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(upstream.Port, "--transport", transport, "--drain", "1h");

        var took = await sidecar.StopAsync(signal);

        Assert.InRange(took, TimeSpan.Zero, Promptly);
    }

    [Theory]
    [InlineData(ProcessSignal.Terminate, "epoll")]
    [InlineData(ProcessSignal.Interrupt, "epoll")]
    [InlineData(ProcessSignal.Terminate, "sockets")]
    public async Task Signal_WithAnIdleConnection_EndsItAfterTheDrainTime(ProcessSignal signal, string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(upstream.Port, "--transport", transport, "--drain", "400ms");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        await client.SendAsync("x");
        await served.ReadTextAsync(1);

        var stopping = sidecar.StopAsync(signal);
        await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync());

        Assert.InRange(await stopping, TimeSpan.FromMilliseconds(390), Promptly);
        Assert.Equal("draining", Assert.Single(sidecar.Records()).Reason);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Signal_WithBytesInFlight_EndsThemAfterTheDrainTimeToo(string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(upstream.Port, "--transport", transport, "--drain", "300ms");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        var sending = FloodAsync(served);
        var reading = SwallowAsync(client);

        var took = await sidecar.StopAsync(ProcessSignal.Terminate);
        await Task.WhenAll(sending, reading);

        Assert.InRange(took, TimeSpan.FromMilliseconds(290), Promptly);
        Assert.Equal("draining", Assert.Single(sidecar.Records()).Reason);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Signal_WithAStalledClient_EndsAfterTheDrainTimeToo(string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(upstream.Port, "--transport", transport, "--drain", "300ms");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        var sending = FloodAsync(served);

        var took = await sidecar.StopAsync(ProcessSignal.Terminate);
        await sending;

        Assert.InRange(took, TimeSpan.FromMilliseconds(290), Promptly);
        Assert.Equal("draining", Assert.Single(sidecar.Records()).Reason);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Signal_DuringAHandshake_EndsItAfterTheDrainTime(string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(upstream.Port, "--transport", transport, "--role", "p2", "--drain", "300ms", "--handshake-timeout", "1m");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        await client.SendAsync("bonj");
        await sidecar.AcceptedAsync(1);

        var took = await sidecar.StopAsync(ProcessSignal.Terminate);

        Assert.InRange(took, TimeSpan.FromMilliseconds(290), Promptly);
        Assert.Equal("draining", Assert.Single(sidecar.Records()).Reason);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Signal_WhileTheOracleIsSilent_EndsAfterTheDrainTime(string transport)
    {
        using var upstream = new LoopbackListener();
        using var oracle = new PlayedOracle();
        await using var sidecar = await StartedSidecar.StartAsync(
            upstream.Port, "--transport", transport, "--oracle", $"127.0.0.1:{oracle.Port}", "--drain", "300ms", "--handshake-timeout", "1m");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var asked = await oracle.AcceptAsync();

        var took = await sidecar.StopAsync(ProcessSignal.Terminate);

        Assert.InRange(took, TimeSpan.FromMilliseconds(290), Promptly);
        Assert.Equal("draining", Assert.Single(sidecar.Records()).Reason);
        Assert.True(upstream.IsUntouched);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Signal_WithAConnectionThatEndsInTime_LetsItComplete(string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(upstream.Port, "--transport", transport, "--drain", "1h");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();

        var stopping = sidecar.StopAsync(ProcessSignal.Terminate);
        await sidecar.IsStoppingAsync();
        await client.SendAsync("question");
        client.Finish();
        Assert.Equal("question"u8.ToArray(), await served.ReadToEndAsync());
        await served.SendAsync("answer");
        served.Finish();

        Assert.Equal("answer"u8.ToArray(), await client.ReadToEndAsync());
        Assert.InRange(await stopping, TimeSpan.Zero, SocketTalk.Limit);
        Assert.Equal("completed", Assert.Single(sidecar.Records()).Reason);
    }

    private static async Task FloodAsync(Socket socket)
    {
        var error = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (true)
                await socket.SendAllAsync(new byte[64 * 1024]);
        });
        Assert.Contains(error.SocketErrorCode, new[] { SocketError.ConnectionReset, SocketError.Shutdown });
    }

    private static async Task SwallowAsync(Socket socket)
    {
        var block = new byte[64 * 1024];
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (await socket.ReceiveAsync(block, TestContext.Current.CancellationToken) > 0)
            {
            }

            // An orderly end would make a cut stream look whole.
            Assert.Fail("the stream ended instead of being reset");
        });
    }
}
