using Chassis;
using Demo.Programs;
using Processes;

namespace Demo.Transparent;

/// <summary>Sees to it that users without privilege can read what they run, wherever the repository lies.</summary>
/// <param name="folder">A folder that all may enter; copies go there.</param>
internal sealed class ReadableCopy(string folder)
{
    private static readonly string[] Programs = ["Sidecar", "Oracle", "VideoApi"];

    /// <summary>The programs as they are, or a copy when a file of them cannot be read.</summary>
    /// <exception cref="UsageException">.NET itself cannot be read.</exception>
    public async Task<BuiltPrograms> OfAsync(BuiltPrograms built)
    {
        var host = built.Run("Sidecar").First();
        if (!built.IsNative && Path.IsPathRooted(host) && !await AreReadableAsync([host]))
            throw new UsageException($"'{host}': the programs run as user {Users.Application}, who cannot read it; install .NET where all users can");
        string[] parts = [.. Programs.Select(built.FolderOf), Path.GetRelativePath(built.Root, built.Clips)];
        if (await AreReadableAsync([.. parts.Select(part => Path.Combine(built.Root, part))]))
            return built;
        var root = Path.Combine(folder, "programs");
        foreach (var part in parts)
        {
            var copy = Path.Combine(root, part);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            await ShortCommand.RunAsync("cp", "-RL", "--", Path.Combine(built.Root, part), copy);
        }

        await ShortCommand.RunAsync("chmod", "-R", "a+rX", root);
        return built with { Root = root };
    }

    /// <summary>The file as it is, or a copy when it cannot be read.</summary>
    public async Task<string> OfAsync(string file)
    {
        if (await AreReadableAsync([file]))
            return file;
        var copy = Path.Combine(folder, Path.GetFileName(file));
        await ShortCommand.RunAsync("cp", "--", file, copy);
        await ShortCommand.RunAsync("chmod", "a+r", copy);
        return copy;
    }

    // find fails where it may not enter, and prints what it may not read.
    private static async Task<bool> AreReadableAsync(IReadOnlyList<string> paths)
    {
        try
        {
            return (await ShortCommand.RunAsync([.. Users.RunAs(Users.Application), "find", "-L", .. paths, "!", "-readable", "-print", "-quit"])).Count == 0;
        }
        catch (ProcessFailedException)
        {
            return false;
        }
    }
}
