using System.Text.RegularExpressions;
using Testing;

namespace Sidecar.Tests.Systemd;

/// <summary>The folder of another system, with users and the folders that every system has.</summary>
internal sealed partial class InstallRoot : IDisposable
{
    private readonly TempFolder _folder = new();

    public InstallRoot()
    {
        foreach (var folder in new[] { "etc/systemd/system", "usr/local/bin", "usr/local/lib", "var/log" })
            Directory.CreateDirectory(File(folder));
        _folder.Write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
        _folder.Write("etc/group", "root:x:0:\n");
        _folder.Write("etc/shadow", "root:*:19000:0:99999:7:::\n");
        _folder.Write("etc/gshadow", "root:*::\n");
    }

    public string Path => _folder.Root;

    public string File(string name) => _folder.File(name);

    /// <summary>Adds systemd's own units, and the commands that the installed ones name.</summary>
    public async Task AddSystemdAsync()
    {
        Directory.CreateDirectory(File("lib/systemd"));
        Directory.CreateDirectory(File("bin"));
        await Run.WellAsync("cp", "-r", "/lib/systemd/system", File("lib/systemd"));
        await Run.WellAsync("cp", "-L", "/bin/kill", File("bin"));
    }

    /// <summary>Each file with its owner, mode, time of change and content; without what the tools for users keep beside their files.</summary>
    public Task<string> StateAsync() => Run.WellAsync("bash", "-c", """
        cd "$0"
        find . -type d -printf '%p %m\n' -o ! -name '*-' ! -name .pwd.lock -printf '%p %U:%G %m %T@ %l ' \
          -exec sh -c 'if test -f "$1"; then cksum <"$1"; else echo; fi' - {} ';' | sort
        """, Path);

    /// <summary>The same without the times.</summary>
    public async Task<string> ContentAsync() => Time().Replace(await StateAsync(), " ");

    public void Dispose() => _folder.Dispose();

    [GeneratedRegex(@" \d{9,}\.\d+ ", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Time();
}
