using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Chassis.Net;

/// <summary>Finds out from <c>/proc</c> which process listens on a port, so that an error can name it.</summary>
public static class PortHolder
{
    // linux/tcp_states.h
    private const string Listening = "0A";

    private static readonly string[] Tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

    /// <summary>
    /// The process that listens where <paramref name="address"/> would listen, in words: <c>nginx (process 1234)</c>. Null if that is not
    /// visible: not on Linux, or if the process is another user's and this one is not root's.
    /// </summary>
    public static string? Find(IPEndPoint address)
    {
        try
        {
            var sockets = Sockets(address).Select(inode => $"socket:[{inode}]").ToHashSet(StringComparer.Ordinal);
            return sockets.Count == 0 ? null : Processes().FirstOrDefault(process => Has(process, sockets)) is { } holder ? Describe(holder) : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // "sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ..."; addresses are hexadecimal digits, and the
    // bytes of each group of four are in the processor's order.
    private static IEnumerable<string> Sockets(IPEndPoint address)
    {
        foreach (var table in Tables.Where(File.Exists))
        {
            foreach (var words in File.ReadLines(table).Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            {
                if (words is [_, var local, _, Listening, _, _, _, _, _, var inode, ..] && Parse(local) is var held
                    && held.Port == address.Port && Overlap(held.Address, address.Address))
                    yield return inode;
            }
        }
    }

    private static IPEndPoint Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var bytes = Convert.FromHexString(text.AsSpan(0, colon));
        for (var group = bytes.AsSpan(); BitConverter.IsLittleEndian && group.Length > 0; group = group[4..])
            BinaryPrimitives.WriteUInt32BigEndian(group, BinaryPrimitives.ReadUInt32LittleEndian(group));
        return new IPEndPoint(new IPAddress(bytes), int.Parse(text.AsSpan(colon + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    private static bool Overlap(IPAddress one, IPAddress other) =>
        NetworkAddress.Canonical(one).Equals(NetworkAddress.Canonical(other)) || IsAny(one) || IsAny(other);

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static IEnumerable<string> Processes() =>
        Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0]));

    private static bool Has(string process, HashSet<string> sockets)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd"))
                .Any(descriptor => new FileInfo(descriptor).LinkTarget is { } target && sockets.Contains(target));
        }
        catch (Exception unseen) when (unseen is IOException or UnauthorizedAccessException)
        {
            // Another user's process, or a process that has ended.
            return false;
        }
    }

    // The name of the program that dotnet runs says more than "dotnet".
    private static string Describe(string process)
    {
        var words = File.ReadAllText(Path.Combine(process, "cmdline")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        var name = words is [var host, var program, ..] && Path.GetFileName(host) == "dotnet" && program.EndsWith(".dll", StringComparison.Ordinal)
            ? Path.GetFileNameWithoutExtension(program)
            : File.ReadAllText(Path.Combine(process, "comm"));
        return $"{OneLine.Start(name.Trim())} (process {Path.GetFileName(process)})";
    }
}
