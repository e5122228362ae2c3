using Demo.Programs;
using Testing;
using Xunit;

namespace Sidecar.Tests.Systemd;

/// <summary>Published folders for <c>systemd/install</c>: of the builds that are tested.</summary>
internal sealed class PublishedPrograms : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>Copies them. Skips the test if the services could not see the .NET runtime that they need.</summary>
    public PublishedPrograms()
    {
        var runtime = new FileInfo(Environment.ProcessPath!).FullName;
        Assert.SkipWhen(runtime.StartsWith("/root/", StringComparison.Ordinal) || runtime.StartsWith("/home/", StringComparison.Ordinal), $"services cannot see {runtime}");
        Sidecar = FolderOf("Sidecar");
        Oracle = FolderOf("Oracle");
    }

    public string Sidecar { get; }

    public string Oracle { get; }

    /// <summary>The folder of the program that <c>systemd/install</c> installs for this machine.</summary>
    public string For(string kind) => kind == "oracle" ? Oracle : Sidecar;

    public void Dispose() => _folder.Dispose();

    private string FolderOf(string program)
    {
        var built = BuiltPrograms.Locate() with { IsNative = ProgramProcess.IsNative(program) };
        var source = Path.Combine(built.Root, built.FolderOf(program));
        Assert.SkipUnless(built.Has(program), $"needs {source}");
        Directory.CreateDirectory(_folder.File(program));
        // Folders in it are native builds.
        foreach (var file in Directory.EnumerateFiles(source))
        {
            // With its mode.
            File.Copy(file, _folder.File(Path.Combine(program, Path.GetFileName(file))));
        }

        return _folder.File(program);
    }
}
