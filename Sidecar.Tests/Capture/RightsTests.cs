using System.Runtime.InteropServices;
using Chassis;
using Sidecar.Capture;
using Sidecar.Options;
using Testing;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>Which rights the sources need, by threads that have given up the others.</summary>
[SystemTest]
[Collection(OneByOne.Name)]
public sealed partial class RightsTests
{
    // linux/capability.h
    private const int NetAdmin = 12;
    private const int NetRaw = 13;
    private const int SysAdmin = 21;
    private const int PerfMon = 38;
    private const int Bpf = 39;
    private const uint Version3 = 0x20080522;

    [Theory]
    [InlineData("ebpf", new[] { Bpf, PerfMon, NetAdmin }, null)]
    [InlineData("ebpf", new[] { SysAdmin, NetAdmin }, null)]
    [InlineData("ebpf", new[] { Bpf, PerfMon }, "; missing: CAP_NET_ADMIN")]
    [InlineData("ebpf", new[] { NetAdmin, PerfMon }, "; missing: CAP_BPF")]
    [InlineData("ebpf", new[] { NetAdmin, Bpf }, "; missing: CAP_PERFMON")]
    [InlineData("ebpf", new int[0], "; missing: CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN")]
    [InlineData("packet", new[] { NetRaw }, null)]
    [InlineData("packet", new[] { NetAdmin, Bpf }, "; missing: CAP_NET_RAW")]
    public void Source_NeedsItsRights_AndNamesWhatIsMissing(string kind, int[] rights, string? missing)
    {
        RootTools.Require();
        string? error = null;
        With(rights, () =>
        {
            try
            {
                CaptureSources.Open(new() { Kind = Kinds.Of(kind) }, CaptureFilter.All, out _).Dispose();
            }
            catch (UsageException refused)
            {
                error = Assert.Single(refused.Lines);
            }
        });

        Assert.Equal(missing is null, error is null);
        Assert.EndsWith(missing ?? "", error ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Auto_WithoutRightsForEbpf_TakesPacketsAndSaysWhy()
    {
        RootTools.Require();
        string? note = null;
        With([NetRaw], () =>
        {
            using var source = CaptureSources.Open(new() { Kind = CaptureKind.Auto }, CaptureFilter.All, out note);
            Assert.Equal("packets of all interfaces", source.Description);
        });

        Assert.StartsWith("packets of interfaces instead: eBPF could not ", note, StringComparison.Ordinal);
        Assert.EndsWith("; missing: CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN", note, StringComparison.Ordinal);
    }

    [Fact]
    public void Auto_WithRights_TakesEbpf()
    {
        RootTools.Require();
        using var source = CaptureSources.Open(new() { Kind = CaptureKind.Auto }, CaptureFilter.All, out var note);

        Assert.Null(note);
        Assert.Matches("^eBPF at cgroup /.+ \\(egress and ingress\\)$", source.Description);
    }

    [Fact]
    public void Nothing_WithoutAnyRights_NamesBoth()
    {
        RootTools.Require();
        With([], () =>
        {
            var error = Assert.Throws<UsageException>(() => CaptureSources.Open(new() { Kind = CaptureKind.Auto }, CaptureFilter.All, out _));
            Assert.Equal(2, error.Lines.Count);
        });
    }

    [Fact]
    public async Task Ebpf_WithoutItsLibrary_NamesThePackage()
    {
        RootTools.Require("unshare");
        var library = (await Run.WellAsync("sh", "-c", "ldconfig -p | sed -n 's/.*libbpf.so.1 .*=> //p'")).Trim();
        Assert.SkipWhen(library.Length == 0, "needs libbpf1");
        using var folder = new TempFolder();
        var answer = folder.File("answer");
        await Run.WellAsync(
            ["unshare", "--mount", "sh", "-e", "-c", $"mount --bind /dev/null $(readlink -f {library}); exec \"$@\"", "sh", .. ChildTest.Command(nameof(Child_OpensEbpf), typeof(RightsTests), answer)]);

        Assert.Equal("eBPF needs libbpf.so.1, which is not installed (apt install libbpf1)", await File.ReadAllTextAsync(answer, TestContext.Current.CancellationToken));
    }

    // What the test above starts.
    [Fact(Explicit = true)]
    public Task Child_OpensEbpf()
    {
        var error = Assert.Throws<UsageException>(() => CaptureSources.Open(new() { Kind = CaptureKind.Ebpf }, CaptureFilter.All, out _));
        return File.WriteAllTextAsync(ChildTest.Answer, error.Message, TestContext.Current.CancellationToken);
    }

    // Rights belong to threads; this one ends with the test.
    private static unsafe void With(int[] rights, Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(() =>
        {
            var mask = rights.Aggregate(0ul, (all, right) => all | (1ul << right));
            var header = stackalloc uint[] { Version3, 0 };
            // Effective, permitted, inheritable: the low words, then the high ones.
            var sets = stackalloc uint[] { (uint)mask, (uint)mask, 0, (uint)(mask >> 32), (uint)(mask >> 32), 0 };
            Assert.Equal(0, SetCapabilities(header, sets));
            action();
        }));
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    [LibraryImport("libc", EntryPoint = "capset")]
    private static unsafe partial int SetCapabilities(uint* header, uint* sets);
}
