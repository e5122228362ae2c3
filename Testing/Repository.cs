namespace Testing;

/// <summary>Files of the source tree that tests use.</summary>
internal static class Repository
{
    /// <summary>The root of the source tree, a folder above the test program.</summary>
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>The folder with the test clip.</summary>
    public static string Clips => Path.Combine(Root, "VideoApi", "clips");

    private static string Find(DirectoryInfo? folder) => folder switch
    {
        null => throw new InvalidOperationException("Sidecar.sln is in no folder above the test program"),
        _ when File.Exists(Path.Combine(folder.FullName, "Sidecar.sln")) => folder.FullName,
        _ => Find(folder.Parent),
    };
}
