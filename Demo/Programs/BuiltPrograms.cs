using System.Runtime.InteropServices;
using Chassis;

namespace Demo.Programs;

/// <summary>Finds the repository's built programs: those of the same configuration as this one.</summary>
/// <param name="Root">The repository's top folder.</param>
/// <param name="Output">Where a project's assemblies lie below it: <c>bin/Release/net10.0</c>.</param>
/// <param name="IsNative">Take the native builds, which are published below the assemblies.</param>
internal sealed record BuiltPrograms(string Root, string Output, bool IsNative = false)
{
    /// <summary>Where this assembly lies tells both.</summary>
    /// <exception cref="UsageException">It does not lie in its project's output folder.</exception>
    public static BuiltPrograms Locate()
    {
        var output = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var root = output.Parent?.Parent?.Parent?.Parent?.FullName;
        return root is not null && File.Exists(Path.Combine(root, "Sidecar.sln"))
            ? new BuiltPrograms(root, Path.GetRelativePath(output.Parent!.Parent!.Parent!.FullName, output.FullName))
            : throw new UsageException($"'{output.FullName}': the demo runs from the output folder of its project, where the build puts it");
    }

    /// <summary>The processor of native builds: <c>linux-x64</c>, <c>linux-arm64</c>. Default: this machine's.</summary>
    public string Runtime { get; init; } = RuntimeInformation.RuntimeIdentifier;

    /// <summary>The folder with the clips that the repository holds.</summary>
    public string Clips => Path.Combine(Root, "VideoApi", "clips");

    /// <summary>The folder of a program, from the repository's top folder on.</summary>
    public string FolderOf(string name) =>
        IsNative ? Path.Combine(name, Output, Runtime, "publish") : Path.Combine(name, Output);

    /// <summary>The first words of a command line that runs a program.</summary>
    /// <exception cref="UsageException">It is not built.</exception>
    public IEnumerable<string> Run(string name)
    {
        var program = FileOf(name);
        if (!Has(name))
            throw new UsageException($"'{program}': not built; run {(IsNative ? $"scripts/publish-native {name}" : "dotnet build -c Release")}");
        return IsNative ? [program] : [DotnetHost(), program];
    }

    /// <summary>Whether a program is built.</summary>
    public bool Has(string name) => File.Exists(FileOf(name));

    private string FileOf(string name) => Path.Combine(Root, FolderOf(name), IsNative ? name : name + ".dll");

    // The host that runs this program, unless that is a program of its own (an apphost).
    private static string DotnetHost() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
}
