using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sidecar.Capture;

/// <summary>The system calls of the sources.</summary>
internal static unsafe partial class Libc
{
    // sys/mman.h
    public const int Readable = 1;
    public const int Writable = 2;
    public const int Shared = 1;
    private const nint Failed = -1;

    // poll.h
    private const short PollIn = 1;

    // SOCK_CLOEXEC and O_CLOEXEC
    private const int CloseOnExec = 0x80000;

    // asm-generic/fcntl.h; O_DIRECTORY is another number on arm64, and O_PATH would not do for bpf(2)
    private const int OpenReadOnly = 0;

    /// <summary>The text of the previous call's error.</summary>
    public static string ErrorText => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    /// <summary>Maps a part of what a descriptor stands for; null if that failed.</summary>
    public static byte* Map(int descriptor, nuint length, int protection, nint offset) =>
        Map(null, length, protection, Shared, descriptor, offset) is var at && (nint)at != Failed ? at : null;

    [LibraryImport("libc", EntryPoint = "munmap")]
    public static partial int Unmap(byte* at, nuint length);

    /// <summary>Waits until a descriptor can be read, has an end or an error, a signal comes or the time is over.</summary>
    /// <returns>Whether a read would not wait.</returns>
    public static bool WaitReadable(int descriptor, int milliseconds)
    {
        var asked = new Poll { Descriptor = descriptor, Events = PollIn };
        return WaitFor(&asked, 1, milliseconds) > 0;
    }

    /// <summary>Opens a folder, which .NET does not; invalid if that failed.</summary>
    public static SafeFileHandle OpenFolder(string path) => new(OpenFile(path, OpenReadOnly | CloseOnExec), ownsHandle: true);

    /// <summary>A socket that programs started by this one do not get; invalid if that failed.</summary>
    public static SafeFileHandle CreateSocket(int family, int type) => new(CreateSocket(family, type | CloseOnExec, 0), ownsHandle: true);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(SafeFileHandle socket, void* address, int length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetOption(SafeFileHandle socket, int level, int name, void* value, int length);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetOption(SafeFileHandle socket, int level, int name, void* value, int* length);

    /// <summary>The number of an interface of this network namespace; 0 if there is none of this name.</summary>
    [LibraryImport("libc", EntryPoint = "if_nametoindex", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int InterfaceIndex(string name);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial byte* Map(void* at, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int WaitFor(Poll* asked, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int CreateSocket(int family, int type, int protocol);

    private struct Poll
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }
}
