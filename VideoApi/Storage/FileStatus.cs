using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VideoApi.Storage;

/// <summary>
/// Properties of a file that .NET does not offer: whether it is a regular file (opening a FIFO blocks), and when its status changed.
/// </summary>
/// <param name="IsRegular">Whether the path itself, not a link, is a regular file.</param>
/// <param name="Changed">Last change of content, times or name (ctime), which no program can set.</param>
internal readonly partial record struct FileStatus(bool IsRegular, DateTimeOffset Changed)
{
    // linux/fcntl.h, linux/stat.h: the layout of struct statx is the same on every architecture.
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const int OfDescriptor = 0x1000; // AT_EMPTY_PATH
    private const uint Wanted = 0x1 | 0x80; // STATX_TYPE, STATX_CTIME
    private const int StructLength = 256;
    private const int ModeOffset = 28; // stx_mode, 16 bits
    private const int ChangedOffset = 96; // stx_ctime: seconds, 64 bits; nanoseconds, 32 bits
    private const int FormatBits = 0xF000; // S_IFMT
    private const int Regular = 0x8000; // S_IFREG

    /// <summary>The status of a path; a missing file is not a regular file.</summary>
    public static FileStatus Of(string path) => Read(CurrentFolder, path, NoFollow);

    /// <summary>The status of an open file.</summary>
    public static FileStatus Of(SafeFileHandle file)
    {
        var added = false;
        try
        {
            file.DangerousAddRef(ref added);
            return Read((int)file.DangerousGetHandle(), "", OfDescriptor);
        }
        finally
        {
            if (added)
                file.DangerousRelease();
        }
    }

    private static FileStatus Read(int folder, string path, int flags)
    {
        var result = new byte[StructLength];
        if (StatX(folder, path, flags, Wanted, result) != 0)
            return default;
        var changed = result.AsSpan(ChangedOffset);
        return new(
            (MemoryMarshal.Read<ushort>(result.AsSpan(ModeOffset)) & FormatBits) == Regular,
            DateTimeOffset.FromUnixTimeSeconds(MemoryMarshal.Read<long>(changed)).AddTicks(MemoryMarshal.Read<uint>(changed[sizeof(long)..]) / TimeSpan.NanosecondsPerTick));
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatX(int folder, string path, int flags, uint mask, byte[] result);
}
