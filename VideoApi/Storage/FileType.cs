using System.Runtime.InteropServices;

namespace VideoApi.Storage;

/// <summary>What .NET does not tell of a path: a FIFO and a device look like files, and opening a FIFO blocks.</summary>
internal static partial class FileType
{
    // linux/fcntl.h, linux/stat.h: the layout of struct statx is the same on every architecture.
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint TypeMask = 0x1; // STATX_TYPE
    private const int StructLength = 256;
    private const int ModeOffset = 28; // stx_mode, 16 bits
    private const int FormatBits = 0xF000; // S_IFMT
    private const int Regular = 0x8000; // S_IFREG

    /// <summary>Whether a path is a regular file, itself and not through a link.</summary>
    public static bool IsRegular(string path)
    {
        var result = new byte[StructLength];
        return StatX(CurrentFolder, path, NoFollow, TypeMask, result) == 0
            && (MemoryMarshal.Read<ushort>(result.AsSpan(ModeOffset)) & FormatBits) == Regular;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatX(int folder, string path, int flags, uint mask, byte[] result);
}
