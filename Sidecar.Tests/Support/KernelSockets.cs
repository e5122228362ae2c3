using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Tests.Support;

/// <summary>TCP sockets as the kernel lists them, so that a socket that somebody forgot is seen.</summary>
internal static class KernelSockets
{
    private const string Listen = "0A";
    private static readonly string[] Tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

    /// <summary>
    /// Sockets that a process still holds: accepted on one of the <paramref name="accepting"/> ports, or connected to one
    /// of the <paramref name="connectedTo"/> ports.
    /// </summary>
    public static IReadOnlyList<string> Held(IReadOnlySet<int> accepting, IReadOnlySet<int> connectedTo) =>
        [.. from line in Lines()
            where IsHeld(line) && (accepting.Contains(Port(line[1])) || connectedTo.Contains(Port(line[2])))
            select $"{line[1]} {line[2]} state {line[3]}"];

    /// <summary>
    /// Whether the process that listens on a port has taken a client's connection out of the kernel's queue, and holds it.
    /// </summary>
    public static bool IsAccepted(int port, Socket client)
    {
        var own = ((IPEndPoint)client.LocalEndPoint!).Port;
        return Lines().Any(line => IsHeld(line) && Port(line[1]) == port && Port(line[2]) == own);
    }

    /// <summary>Whether anybody listens on a port.</summary>
    public static bool IsListening(int port) => Lines().Any(line => line[3] == Listen && Port(line[1]) == port);

    /// <summary>How many sockets a process has open.</summary>
    public static int CountOf(int process) => new DirectoryInfo($"/proc/{process}/fd").EnumerateFileSystemInfos()
        .Count(descriptor => descriptor.LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    private static IEnumerable<string[]> Lines() =>
        Tables.Where(File.Exists).SelectMany(table => File.ReadLines(table).Skip(1)).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    // A socket that nobody has accepted yet, and a closed one that only the kernel still winds up, have inode 0.
    private static bool IsHeld(string[] line) => line[3] != Listen && line[9] != "0";

    private static int Port(string address) => int.Parse(address.AsSpan(address.IndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
