namespace Sidecar.Owners;

/// <summary>Where cgroup v2 is mounted: alone, or beside v1.</summary>
internal static class CgroupMount
{
    /// <summary>The folder of the root of cgroup v2; null if there is none.</summary>
    /// <param name="mounts">The lines of <c>/proc/self/mountinfo</c> (proc_pid_mountinfo(5)).</param>
    public static string? Find(IEnumerable<string> mounts)
    {
        foreach (var line in mounts)
        {
            // 41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
            var fields = line.Split(' ');
            var separator = Array.IndexOf(fields, "-");
            if (separator > 4 && separator + 1 < fields.Length && fields[separator + 1] == "cgroup2")
                return fields[4].Replace("\\040", " ", StringComparison.Ordinal);
        }

        return null;
    }
}
