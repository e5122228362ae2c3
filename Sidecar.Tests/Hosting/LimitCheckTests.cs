using System.Net.Sockets;
using Sidecar.Tests.EndToEnd.Faults;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Hosting;

/// <summary>The process says at its start which of its limits the kernel will not let it have.</summary>
public sealed class LimitCheckTests
{
    private static readonly string[] Endpoints = ["--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0"];

    [Fact]
    public async Task Start_WithMoreConnectionsThanDescriptors_WarnsOfBothNumbers()
    {
        await using var sidecar = Start("prlimit --nofile=700:1000", "--target", "127.0.0.1:9", "--max-connections", "1000");

        // The runtime has raised the soft limit to the hard one.
        var line = await sidecar.ErrorLineAsync("file descriptors");

        Assert.Contains("warn:", line, StringComparison.Ordinal);
        Assert.Contains("1000 connections need 2512 file descriptors, the open file limit is 1000, so more than 244 are refused: raise it", line, StringComparison.Ordinal);
        Assert.EndsWith("(--max-connections) to 244", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--max-connections", "244")]
    [InlineData("--listener-max-connections", "244")]
    [InlineData("--listener-max-connections", "1000")]
    public async Task Start_WithConnectionsThatFit_DoesNotWarn(string option, string count)
    {
        await using var sidecar = Start("prlimit --nofile=1000:1000", "--target", "127.0.0.1:9", option, count);

        await sidecar.ListenerPortAsync();

        Assert.DoesNotContain(sidecar.Errors, line => line.Contains("file descriptors", StringComparison.Ordinal));
    }

    // A process without descriptors dies as soon as the runtime needs a thread.
    [Fact]
    public async Task Connections_BeyondTheDescriptors_AreRefusedWhileThereAreSomeLeft()
    {
        await using var echo = new EchoServer();
        await using var sidecar = Start("prlimit --nofile=700:700", "--max-connections", "1000", "--target", $"127.0.0.1:{echo.Port}");
        var port = await sidecar.ListenerPortAsync();
        var clients = new List<Socket>();
        for (var i = 0; i < 200; i++)
            clients.Add(await SocketTalk.ConnectAsync(port));

        var served = await Task.WhenAll(clients.Select(ScarceDescriptors.IsServedAsync));

        Assert.Equal((700 - 512) / 2, served.Count(isServed => isServed));
        Assert.InRange(new DirectoryInfo($"/proc/{sidecar.Id}/fd").EnumerateFileSystemInfos().Count(), 2 * 94, 700 - 64);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Start_WithABacklogThatTheKernelCuts_Warns()
    {
        var max = await File.ReadAllTextAsync("/proc/sys/net/core/somaxconn", TestContext.Current.CancellationToken);
        await using var sidecar = Start("env", "--target", "127.0.0.1:9", "--backlog", "999999");

        var line = await sidecar.ErrorLineAsync("backlog");

        Assert.Contains($"A backlog of 999999 is cut to net.core.somaxconn, {max.Trim()}:", line, StringComparison.Ordinal);
    }

    private static ProgramProcess Start(string launcher, params IEnumerable<string> options) => ProgramProcess.StartBy(
        launcher.Split(' '), "Sidecar", [.. Endpoints, "--listen", "127.0.0.1:0", "--connection-records", "off", .. options]);
}
