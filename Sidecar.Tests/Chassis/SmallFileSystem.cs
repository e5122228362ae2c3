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
        if ((await Run.ToEndAsync("mount", "-t", "tmpfs", "-o", "size=64k", "sidecar-test", space.Root)).ExitCode == 0)
            return space;
        space._folder.Dispose();
        Assert.Skip("nothing can be mounted here");
        return space;
    }

    public async ValueTask DisposeAsync()
    {
        // Lazily: the test may still have a file open.
        (await Run.AfterwardsAsync("umount", "-l", Root)).Well("umount");
        _folder.Dispose();
    }
}
