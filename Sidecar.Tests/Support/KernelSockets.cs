using System.Globalization;

namespace Sidecar.Tests.Support;

/// <summary>TCP sockets as the kernel lists them, so that a socket that somebody forgot is seen.</summary>
internal static class KernelSockets
{
    private const string Listen = "0A";
    private static readonly string[] Tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

    /// <summary>
    /// Sockets that a process still holds: accepted on one of the <paramref name="accepting"/> ports, or connected to one
    /// of the <paramref name="connectedTo"/> ports. A closed socket that only the kernel still winds up has inode 0.
    /// </summary>
    public static IReadOnlyList<string> Held(IReadOnlySet<int> accepting, IReadOnlySet<int> connectedTo) =>
        [.. from table in Tables
            where File.Exists(table)
            from line in File.ReadLines(table).Skip(1)
            let words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            where words[3] != Listen && words[9] != "0" && (accepting.Contains(Port(words[1])) || connectedTo.Contains(Port(words[2])))
            select $"{words[1]} {words[2]} state {words[3]}"];

    /// <summary>Whether anybody listens on a port.</summary>
    public static bool IsListening(int port) => Tables.Where(File.Exists).SelectMany(File.ReadLines).Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Any(words => words[3] == Listen && words[1].Contains(':') && Port(words[1]) == port);

    /// <summary>How many sockets a process has open.</summary>
    public static int CountOf(int process) => new DirectoryInfo($"/proc/{process}/fd").EnumerateFileSystemInfos()
        .Count(descriptor => descriptor.LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    private static int Port(string address) => int.Parse(address.AsSpan(address.IndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
