namespace Sidecar.Owners;

/// <summary>Containers by the names that container runtimes give to control groups.</summary>
internal static class Container
{
    private const int IdLength = 64;
    private const string Scope = ".scope";

    /// <summary>
    /// The id of the container that a control group belongs to: 64 hexadecimal digits; null if there is none. Docker, containerd, CRI-O and
    /// podman name the group of a container by it, alone or as <c>cri-containerd-ID.scope</c>. The container may have groups below that.
    /// </summary>
    /// <param name="path">The group's folder, or a line of <c>/proc/PID/cgroup</c>.</param>
    public static string? IdOf(string path)
    {
        // The innermost is the process's own.
        foreach (var name in path.Split('/').Reverse())
        {
            var scoped = name.Split(' ')[0];
            var words = scoped.EndsWith(Scope, StringComparison.Ordinal) ? scoped[..^Scope.Length] : scoped;
            if (words.Length < IdLength || !words[^IdLength..].All(char.IsAsciiHexDigitLower) || (words.Length > IdLength && words[^(IdLength + 1)] is not ('-' or ':')))
                continue;
            // The monitor of a container has a group, too, and is not in the container.
            return words.Contains("conmon", StringComparison.Ordinal) ? null : words[^IdLength..];
        }

        return null;
    }
}
