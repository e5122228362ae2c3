using System.Diagnostics;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

/// <summary>A file system of 64 KB of one test's own, in memory.</summary>
internal sealed class SmallFileSystem : IAsyncDisposable
{
    private readonly TempFolder _folder = new();

    private SmallFileSystem()
    {
    }

    public string Root => _folder.Root;

    public static async Task<SmallFileSystem> CreateAsync()
    {
        var space = new SmallFileSystem();
        if (await RunAsync("mount", "-t", "tmpfs", "-o", "size=64k", "sidecar-test", space.Root) == 0)
            return space;
        space._folder.Dispose();
        Assert.Skip("nothing can be mounted here");
        return space;
    }

    public async ValueTask DisposeAsync()
    {
        // Lazily: the test may still have a file open.
        Assert.Equal(0, await RunAsync("umount", "-l", Root));
        _folder.Dispose();
    }

    private static async Task<int> RunAsync(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true, UseShellExecute = false })!;
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }
}
