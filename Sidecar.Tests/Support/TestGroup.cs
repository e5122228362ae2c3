using Sidecar.Owners;
using Testing;
using Xunit;

namespace Sidecar.Tests.Support;

/// <summary>A control group (version 2) of a test, until it is disposed.</summary>
internal sealed class TestGroup : IAsyncDisposable
{
    private TestGroup(string folder)
    {
        Folder = folder;
        Directory.CreateDirectory(folder);
    }

    /// <summary>Its folder.</summary>
    public string Folder { get; }

    /// <summary>Its id.</summary>
    public ulong Id => ControlGroups.IdOf(Folder)!.Value;

    /// <summary>Makes one; skips the test where there is no cgroup v2.</summary>
    /// <param name="name">A part of its name.</param>
    public static TestGroup Create(string name)
    {
        var root = CgroupMount.Find(File.ReadLines("/proc/self/mountinfo"));
        Assert.SkipWhen(root is null, "needs cgroup v2");
        return new TestGroup(Path.Combine(root, $"sidecar-test-{Environment.ProcessId}-{name}"));
    }

    /// <summary>One below this one.</summary>
    public TestGroup Below(string name) => new(Path.Combine(Folder, name));

    /// <summary>A command of the shell that puts the shell into the group, and what it becomes.</summary>
    public string Enter(string command) => $"echo $$ > {Folder}/cgroup.procs && exec {command}";

    // A group can be removed when its last process is gone.
    public async ValueTask DisposeAsync() => await Eventually.TrueAsync(() =>
    {
        try
        {
            Directory.Delete(Folder);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    });
}
