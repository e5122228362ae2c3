using System.Globalization;
using System.Runtime.InteropServices;
using Processes;
using Sidecar.Options;
using Testing;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>A process that is killed leaves nothing in the kernel.</summary>
[SystemTest]
[Collection(OneByOne.Name)]
public sealed partial class RemainsTests
{
    [Fact]
    public async Task Killed_Process_LeavesNoProgramNoMapAndNoLink()
    {
        RootTools.Require();
        using var folder = new TempFolder();
        var ready = folder.File("ready");
        await using var child = ProgramProcess.StartCommand(ChildTest.Command(nameof(Child_Captures), typeof(RemainsTests), ready));
        await Eventually.TrueAsync(() => File.Exists(ready) || child.HasEnded);
        var ids = Ids(child.Id);
        Assert.Equal(["link", "map", "prog"], ids.Select(id => id.Kind).Distinct().Order());
        Assert.All(ids, id => Assert.True(Exists(id), $"{id} is there"));

        child.Signal(ProcessSignal.Kill);
        await child.ExitCodeAsync();

        // The kernel frees them when no processor runs them any more.
        await Eventually.TrueAsync(() => !ids.Any(Exists), () => string.Join(", ", ids.Where(Exists)));
    }

    // What the test above starts and kills.
    [Fact(Explicit = true)]
    public async Task Child_Captures()
    {
        using var capture = RunningCapture.Start(CaptureKind.Ebpf, new Collector());
        await File.WriteAllTextAsync(ChildTest.Answer, "", TestContext.Current.CancellationToken);
        await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
    }

    // The ids of what a process has open: lines such as "prog_id: 17" (Documentation/bpf).
    private static List<(string Kind, uint Id)> Ids(int process) =>
    [
        .. from file in Directory.EnumerateFiles($"/proc/{process}/fdinfo")
           let lines = File.ReadAllLines(file)
           from kind in (string[])["link", "map", "prog"]
           from line in lines.Where(line => line.StartsWith($"{kind}_id:", StringComparison.Ordinal))
           select (kind, uint.Parse(line[(kind.Length + 4)..].Trim(), CultureInfo.InvariantCulture)),
    ];

    private static bool Exists((string Kind, uint Id) what)
    {
        var descriptor = what.Kind switch { "link" => LinkById(what.Id), "map" => MapById(what.Id), _ => ProgramById(what.Id) };
        using var opened = new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: descriptor >= 0);
        return descriptor >= 0;
    }

    [LibraryImport("libbpf.so.1", EntryPoint = "bpf_prog_get_fd_by_id")]
    private static partial int ProgramById(uint id);

    [LibraryImport("libbpf.so.1", EntryPoint = "bpf_map_get_fd_by_id")]
    private static partial int MapById(uint id);

    [LibraryImport("libbpf.so.1", EntryPoint = "bpf_link_get_fd_by_id")]
    private static partial int LinkById(uint id);
}
