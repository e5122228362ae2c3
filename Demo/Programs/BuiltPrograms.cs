using Chassis;

namespace Demo.Programs;

/// <summary>Finds the repository's built programs: those of the same configuration as this one.</summary>
/// <param name="Root">The repository's top folder.</param>
/// <param name="Output">Where a project's assemblies lie below it: <c>bin/Release/net10.0</c>.</param>
internal sealed record BuiltPrograms(string Root, string Output)
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

    /// <summary>The folder with the clips that the repository holds.</summary>
    public string Clips => Path.Combine(Root, "VideoApi", "clips");

    /// <summary>The first words of a command line that runs a program.</summary>
    /// <exception cref="UsageException">It is not built.</exception>
    public IEnumerable<string> Run(string name)
    {
        var assembly = Path.Combine(Root, name, Output, name + ".dll");
        return File.Exists(assembly)
            ? [DotnetHost(), assembly]
            : throw new UsageException($"'{assembly}': not built; run dotnet build -c Release");
    }

    // The host that runs this program, unless that is a program of its own (an apphost).
    private static string DotnetHost() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
}
