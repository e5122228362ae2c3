using System.Security.Cryptography;
using Sidecar.Capture.Ebpf;
using Testing;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>The compiled programs are those of the source.</summary>
[SystemTest]
public sealed class BpfObjectTests
{
    private const int MostBytes = 30 * 1024;

    private static readonly string Folder = Path.Combine(Repository.Root, "Sidecar", "Capture", "Ebpf");

    [Fact]
    public void Object_IsOfItsSource()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(Folder, "capture.bpf.c"))));

        Assert.True(File.ReadAllText(Path.Combine(Folder, "capture.bpf.sha256")).Trim() == hash, "capture.bpf.c has changed; run scripts/bpf");
    }

    [Fact]
    public void Object_InTheProgram_IsTheFile()
    {
        using var embedded = typeof(EbpfSource).Assembly.GetManifestResourceStream("capture.bpf.o")!;
        using var copy = new MemoryStream();
        embedded.CopyTo(copy);

        Assert.Equal(File.ReadAllBytes(Path.Combine(Folder, "capture.bpf.o")), copy.ToArray());
        Assert.InRange(copy.Length, 1, MostBytes);
    }

    [Fact]
    public async Task Object_CompiledAgain_IsTheSame()
    {
        RootTools.RequirePrograms("clang", "llvm-objcopy");
        Assert.SkipUnless(File.Exists("/usr/include/bpf/bpf_helpers.h"), "needs libbpf-dev");
        using var folder = new TempFolder();
        await Run.WellAsync(Path.Combine(Repository.Root, "scripts", "bpf"), folder.Root);

        // Another compiler makes other code; that it compiles without a warning is what it can show.
        Assert.SkipUnless((await Run.WellAsync("clang", "--version")).Contains("version 14.0.6", StringComparison.Ordinal), "it compiles; the committed object is of clang 14.0.6");
        Assert.Equal(File.ReadAllBytes(Path.Combine(Folder, "capture.bpf.o")), File.ReadAllBytes(folder.File("capture.bpf.o")));
    }
}
