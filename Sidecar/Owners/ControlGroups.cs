using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sidecar.Owners;

/// <summary>Control groups (version 2) by the ids that the kernel gives them; any thread may ask.</summary>
internal sealed unsafe partial class ControlGroups : IDisposable
{
    // A node has some hundred pods, each with some containers.
    private const int MostRemembered = 4096;

    // asm-generic/fcntl.h; O_DIRECTORY is another number on arm64
    private const int OpenPath = 0x200000;
    private const int CloseOnExec = 0x80000;

    // fcntl.h: AT_FDCWD
    private const int CurrentFolder = -100;

    // linux/exportfs.h: FILEID_KERNFS
    private const int KernelsFiles = 0xfe;

    private readonly Dictionary<ulong, string> _folders = [];
    private SafeFileHandle? _root;

    /// <summary>The folder of a group, also after its end if it was asked for before; null if it is not known, or CAP_DAC_READ_SEARCH is missing.</summary>
    public string? Folder(ulong id)
    {
        lock (_folders)
        {
            if (_folders.TryGetValue(id, out var known))
                return known;
            if (Find(id) is not { } found)
                return null;
            if (_folders.Count == MostRemembered)
                _folders.Clear();
            return _folders[id] = found;
        }
    }

    /// <summary>The id of a group.</summary>
    /// <param name="folder">Its folder.</param>
    /// <returns>Null if there is no such folder, or it is not one of a control group of version 2.</returns>
    public static ulong? IdOf(string folder)
    {
        var handle = new Handle { Length = sizeof(ulong) };
        return HandleOf(CurrentFolder, folder, &handle, out _, flags: 0) == 0 && handle is { Type: KernelsFiles, Length: sizeof(ulong) } ? handle.Id : null;
    }

    /// <summary>The processes in a group; none if it has ended.</summary>
    public static IEnumerable<int> Processes(string folder)
    {
        try
        {
            return [.. File.ReadLines($"{folder}/cgroup.procs").Select(int.Parse).Where(id => id > 0)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_folders)
            _root?.Dispose();
    }

    private string? Find(ulong id)
    {
        try
        {
            if (_root is null or { IsInvalid: true })
                _root = new SafeFileHandle(CgroupMount.Find(File.ReadLines("/proc/self/mountinfo")) is { } mount ? OpenFile(mount, CloseOnExec) : -1, ownsHandle: true);
            if (_root.IsInvalid || _root.IsClosed)
                return null;
            var handle = new Handle { Length = sizeof(ulong), Type = KernelsFiles, Id = id };
            using var opened = new SafeFileHandle(OpenByHandle(_root, &handle, OpenPath | CloseOnExec), ownsHandle: true);
            return opened.IsInvalid ? null : new FileInfo($"/proc/self/fd/{opened.DangerousGetHandle()}").LinkTarget;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // No descriptor is left.
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "name_to_handle_at", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int HandleOf(int folder, string path, Handle* handle, out int mount, int flags);

    [LibraryImport("libc", EntryPoint = "open_by_handle_at")]
    private static partial int OpenByHandle(SafeFileHandle mount, Handle* handle, int flags);

    // struct file_handle (open_by_handle_at(2))
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Handle
    {
        public uint Length;
        public int Type;
        public ulong Id;
    }
}
