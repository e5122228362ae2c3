using System.Diagnostics;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.CommandLine;

/// <summary><c>wait</c>, for hooks of containers.</summary>
public sealed class WaitTests
{
    [Fact]
    public async Task Ready_ReturnsWhenTheSidecarIsReady()
    {
        using var ports = new Demo.Programs.FreePorts();
        var port = ports.Next();
        ports.Dispose();
        await using var waiting = ProgramProcess.Start("Sidecar", "wait", "ready", "--health", $"127.0.0.1:{port}", "--timeout", "20s");
        await using var upstream = new EchoServer();

        await using var sidecar = ProgramProcess.Start("Sidecar", "0", "127.0.0.1", $"{upstream.Port}", "--health-address", $"127.0.0.1:{port}", "--metrics-address", "127.0.0.1:0", "--admin-address", "off");

        Assert.Equal(0, await waiting.ExitCodeAsync());
        // An answer of /readyz says so only after the listener accepts.
        using var client = await SocketTalk.ConnectAsync(await sidecar.ListenerPortAsync());
    }

    [Fact]
    public async Task Ready_ThatNeverComes_EndsWith1AndTheReason()
    {
        using var listener = new LoopbackListener();
        var port = listener.Port;
        listener.Dispose();

        var (code, _, errors) = await ProgramProcess.RunAsync("Sidecar", "wait", "ready", "--health", $"127.0.0.1:{port}", "--timeout", "3s");

        Assert.Equal((1, $"wait: 127.0.0.1:{port} is not ready after 3s: Connection refused"), (code, Assert.Single(errors)));
    }

    [Fact]
    public async Task Time_Passes()
    {
        var start = Stopwatch.GetTimestamp();

        Assert.Equal(0, (await ProgramProcess.RunAsync("VideoApi", "wait", "700ms")).Code);

        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(700));
    }

    [Theory]
    [InlineData("soon", "what 'soon': ready, or a time such as 10s, is expected")]
    [InlineData("10", "what '10': a duration with its unit is expected, such as 500ms, 3s, 5m or 1h")]
    public async Task WrongWord_EndsWith2(string word, string error)
    {
        var (code, _, errors) = await ProgramProcess.RunAsync("Sidecar", "wait", word);

        Assert.Equal((2, $"Sidecar: {error}"), (code, Assert.Single(errors)));
    }
}
