using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sidecar.Owners;

/// <summary>The kernel's tables of TCP sockets in a network namespace, <c>/proc/PID/net/tcp</c> and <c>tcp6</c>.</summary>
internal static class SocketTable
{
    private const int BufferSize = 64 * 1024;

    // "sl local remote state queues timer retransmits uid timeout inode": the number of words after the two addresses and before the inode.
    private const int WordsBeforeInode = 6;

    // Some 150 bytes a socket.
    private const int MostBytes = 16 * 1024 * 1024;

    /// <summary>
    /// The inodes of sockets, found by their own and their other ends; null if there is none, or no such table. The kernel walks
    /// through all its sockets to write a table, so one read serves all searched sockets.
    /// </summary>
    /// <param name="sockets">The sockets.</param>
    /// <param name="process">A process in the namespace; null for that of this thread.</param>
    public static ulong?[] FindInodes(IReadOnlyList<(IPEndPoint Local, IPEndPoint Remote)> sockets, int? process = null)
    {
        var found = new ulong?[sockets.Count];
        var folder = process is null ? "/proc/thread-self/net" : $"/proc/{process}/net";
        Find($"{folder}/tcp", [.. sockets.Select(s => s.Local.AddressFamily == AddressFamily.InterNetwork ? Key(s.Local, s.Remote, mapped: false) : [])], found);
        // An IPv6 socket can have an IPv4 connection.
        if (found.Contains(null))
            Find($"{folder}/tcp6", [.. sockets.Select(s => Key(s.Local, s.Remote, mapped: true))], found);
        return found;
    }

    private static void Find(string path, byte[][] keys, ulong?[] found)
    {
        try
        {
            using var table = File.OpenHandle(path);
            using var stream = new FileStream(table, FileAccess.Read, bufferSize: 0);
            Find(stream, keys, found);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // No IPv6, or no /proc.
        }
    }

    private static void Find(FileStream table, byte[][] keys, ulong?[] found)
    {
        var buffer = new byte[BufferSize];
        var (kept, total) = (0, 0);
        while (total < MostBytes && table.Read(buffer, kept, buffer.Length - kept) is > 0 and var read)
        {
            total += read;
            var lines = buffer.AsSpan(0, kept + read);
            var end = lines.LastIndexOf((byte)'\n') + 1;
            for (var i = 0; i < keys.Length; i++)
            {
                if (keys[i].Length > 0 && lines[..end].IndexOf(keys[i]) is >= 0 and var at)
                    found[i] ??= Inode(lines[(at + keys[i].Length)..end]);
            }

            lines[end..].CopyTo(buffer);
            kept = lines.Length - end;
        }
    }

    private static ulong? Inode(ReadOnlySpan<byte> line)
    {
        var words = 0;
        foreach (var range in line.SplitAny(" \n"u8))
        {
            if (!line[range].IsEmpty && words++ == WordsBeforeInode)
                return ulong.TryParse(line[range], out var inode) && inode > 0 ? inode : null;
        }

        return null;
    }

    // " 0100007F:1F90 0100007F:D2F0 ": each 32 bits of an address as a number in the machine's byte order.
    private static byte[] Key(IPEndPoint local, IPEndPoint remote, bool mapped)
    {
        var key = new StringBuilder(" ");
        foreach (var end in (ReadOnlySpan<IPEndPoint>)[local, remote])
        {
            var bytes = (mapped ? end.Address.MapToIPv6() : end.Address).GetAddressBytes();
            for (var i = 0; i < bytes.Length; i += 4)
                key.Append($"{BitConverter.ToUInt32(bytes, i):X8}");
            key.Append($":{end.Port:X4} ");
        }

        return Encoding.ASCII.GetBytes(key.ToString());
    }
}
