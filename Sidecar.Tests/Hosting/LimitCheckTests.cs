using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Hosting;

/// <summary>The process says at its start which of its limits the kernel will not let it have.</summary>
public sealed class LimitCheckTests
{
    private static readonly string[] Endpoints = ["--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0"];

    [Fact]
    public async Task Start_WithMoreConnectionsThanDescriptors_WarnsOfBothNumbers()
    {
        await using var sidecar = Start("prlimit --nofile=300:600", "--max-connections", "1000");

        // The runtime has raised the soft limit to the hard one.
        var line = await sidecar.ErrorLineAsync("file descriptors");

        Assert.Contains("warn:", line, StringComparison.Ordinal);
        Assert.Contains("1000 connections need 2200 file descriptors, the open file limit is 600: raise it", line, StringComparison.Ordinal);
        Assert.EndsWith("(--max-connections) to 200", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--max-connections", "200")]
    [InlineData("--listener-max-connections", "200")]
    [InlineData("--listener-max-connections", "1000")]
    public async Task Start_WithConnectionsThatFit_DoesNotWarn(string option, string count)
    {
        await using var sidecar = Start("prlimit --nofile=600:600", option, count);

        await sidecar.ListenerPortAsync();

        Assert.DoesNotContain(sidecar.Errors, line => line.Contains("file descriptors", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_WithABacklogThatTheKernelCuts_Warns()
    {
        var max = await File.ReadAllTextAsync("/proc/sys/net/core/somaxconn", TestContext.Current.CancellationToken);
        await using var sidecar = Start("env", "--backlog", "999999");

        var line = await sidecar.ErrorLineAsync("backlog");

        Assert.Contains($"A backlog of 999999 is cut to net.core.somaxconn, {max.Trim()}:", line, StringComparison.Ordinal);
    }

    private static ProgramProcess Start(string launcher, params IEnumerable<string> options) => ProgramProcess.StartBy(
        launcher.Split(' '), "Sidecar", [.. Endpoints, "--listen", "127.0.0.1:0", "--target", "127.0.0.1:9", "--connection-records", "off", .. options]);
}
