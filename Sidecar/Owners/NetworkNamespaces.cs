namespace Sidecar.Owners;

/// <summary>The network namespaces of processes.</summary>
internal static class NetworkNamespaces
{
    // A container has one; the processes outside of containers have those that an administrator made.
    private const int Most = 64;

    /// <summary>A process of each namespace that these processes are in, by the namespace's name.</summary>
    public static IReadOnlyDictionary<string, int> Of(IEnumerable<int> processes)
    {
        var found = new Dictionary<string, int>();
        foreach (var id in processes)
        {
            // Null if it has ended meanwhile, or is another user's and CAP_SYS_PTRACE is missing.
            if (NameOf(id) is { } name && found.TryAdd(name, id) && found.Count == Most)
                break;
        }

        return found;
    }

    private static string? NameOf(int process)
    {
        try
        {
            return new FileInfo($"/proc/{process}/ns/net").LinkTarget;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
