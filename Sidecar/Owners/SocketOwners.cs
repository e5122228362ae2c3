using System.Globalization;
using System.IO.Enumeration;
using System.Runtime.InteropServices;
using System.Text;

namespace Sidecar.Owners;

/// <summary>
/// Finds in <c>/proc</c> the process that has a socket open. Processes of earlier finds are searched first, because a service has many
/// sockets.
/// </summary>
/// <param name="time">The clock that limits a search.</param>
internal sealed unsafe partial class SocketOwners(TimeProvider time)
{
    // Some hundred processes with some hundred descriptors each, at a microsecond a descriptor.
    private const int MostDescriptors = 100_000;

    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(200);
    private const int MostRemembered = 16;

    private static readonly EnumerationOptions Accessible = new() { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };

    private readonly List<int> _recent = [];

    /// <summary>The process's number; null if it is not found, may not be read, or the search takes too long.</summary>
    /// <param name="inode">The socket's inode.</param>
    /// <param name="among">The processes that may have it; null for all.</param>
    public int? Find(ulong inode, IEnumerable<int>? among = null)
    {
        var budget = new Budget(time);
        var target = Encoding.ASCII.GetBytes($"socket:[{inode}]");
        foreach (var id in _recent.Concat(among ?? Numbers("/proc")))
        {
            if (budget.IsSpent)
                return null;
            if (!Has(id, target, budget))
                continue;
            _recent.Remove(id);
            _recent.Insert(0, id);
            if (_recent.Count > MostRemembered)
                _recent.RemoveAt(MostRemembered);
            return id;
        }

        return null;
    }

    private static bool Has(int process, byte[] target, Budget budget)
    {
        var folder = $"/proc/{process}/fd";
        try
        {
            foreach (var descriptor in Numbers(folder))
            {
                if (!budget.Take())
                    return false;
                if (IsLink($"{folder}/{descriptor}", target))
                    return true;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, or is another user's.
        }

        return false;
    }

    // A longer link is cut, so it is a different one.
    private static bool IsLink(string path, ReadOnlySpan<byte> target)
    {
        var link = stackalloc byte[64];
        var length = ReadLink(path, link, 64);
        return length > 0 && new ReadOnlySpan<byte>(link, (int)length).SequenceEqual(target);
    }

    private static FileSystemEnumerable<int> Numbers(string folder) => new(
        folder, static (ref entry) => int.Parse(entry.FileName, NumberStyles.None, CultureInfo.InvariantCulture), Accessible)
    {
        ShouldIncludePredicate = static (ref entry) => int.TryParse(entry.FileName, NumberStyles.None, CultureInfo.InvariantCulture, out _),
    };

    [LibraryImport("libc", EntryPoint = "readlink", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ReadLink(string path, byte* target, nint size);

    private sealed class Budget(TimeProvider time)
    {
        private readonly long _started = time.GetTimestamp();
        private int _taken;

        public bool IsSpent => _taken >= MostDescriptors || time.GetElapsedTime(_started) > Limit;

        public bool Take() => _taken++ < MostDescriptors;
    }
}
