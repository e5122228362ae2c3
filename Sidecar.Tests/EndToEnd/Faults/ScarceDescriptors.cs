using System.Diagnostics;
using System.Net.Sockets;
using Sidecar.Benchmarks.Machine;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>A sidecar process before an echo that has descriptors for some connections only; each needs two.</summary>
internal sealed class ScarceDescriptors : IAsyncDisposable
{
    private readonly EchoServer _echo = new();

    private ScarceDescriptors()
    {
    }

    public StartedSidecar Sidecar { get; private set; } = null!;

    /// <summary>Starts one that has so many descriptors left.</summary>
    public static async Task<ScarceDescriptors> StartAsync(int descriptors, string transport)
    {
        var scarce = new ScarceDescriptors();
        // With one loop it is certain who accepts, and how often it warns.
        string[] loops = transport == "epoll" ? ["--loops", "1"] : [];
        scarce.Sidecar = await StartedSidecar.StartAsync(scarce._echo.Port, ["--transport", transport, "--max-connections", "1000", .. loops]);
        // What the process opens once for its first connection, and for being asked, it has opened by then.
        using (var first = await SocketTalk.ConnectAsync(scarce.Sidecar.Port))
            Assert.True(await IsServedAsync(first));
        await Eventually.TrueAsync(() => scarce.Sidecar.Records().Count == 1);
        await scarce.Sidecar.GetAsync("metrics", "/metrics");
        await scarce.LimitAsync(descriptors);
        return scarce;
    }

    /// <summary>Whether an echo comes back; false when the connection ends instead.</summary>
    public static async Task<bool> IsServedAsync(Socket client)
    {
        try
        {
            await client.SendAsync("x");
            return await client.ReadTextAsync(1) == "x";
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The processor time that the process uses while a time passes, in seconds.</summary>
    public async Task<double> CpuDuringAsync(TimeSpan time)
    {
        var before = ProcessTimes.Of(Sidecar.Id);
        await Task.Delay(time, TestContext.Current.CancellationToken);
        return ProcessTimes.Of(Sidecar.Id) - before;
    }

    public async ValueTask DisposeAsync()
    {
        await Sidecar.DisposeAsync();
        await _echo.DisposeAsync();
    }

    private async Task LimitAsync(int descriptors)
    {
        // A file that is open for a moment must not count.
        var (open, agreed) = (0, 0);
        for (; agreed < 5; await Task.Delay(50, TestContext.Current.CancellationToken))
        {
            var now = new DirectoryInfo($"/proc/{Sidecar.Id}/fd").EnumerateFileSystemInfos().Count();
            (open, agreed) = (now, now == open ? agreed + 1 : 1);
        }

        using var prlimit = Process.Start("prlimit", ["--pid", $"{Sidecar.Id}", $"--nofile={open + descriptors}:{open + descriptors}"]);
        await prlimit.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, prlimit.ExitCode);
    }
}
