using System.Runtime.InteropServices;
using Sidecar.Net;

namespace Sidecar.Transport.Epoll;

/// <summary>
/// The system calls of the event loops, on non-blocking descriptors. Calls that cannot wait skip the transition for the garbage
/// collector, which takes longer than some of the calls. Their error must be read directly after the call.
/// </summary>
internal static unsafe partial class Libc
{
    // sys/epoll.h
    public const uint EpollIn = 0x001;
    public const uint EpollPri = 0x002;
    public const uint EpollOut = 0x004;
    public const uint EpollErr = 0x008;
    public const uint EpollHup = 0x010;
    public const uint EpollRdHup = 0x2000;
    public const uint EpollExclusive = 1u << 28;
    public const uint EpollEdge = 1u << 31;
    public const int EpollAdd = 1;
    public const int EpollDelete = 2;

    // asm-generic/errno.h; the same on x86-64 and arm64
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int BrokenPipe = 32;
    public const int NetworkUnreachable = 101;
    public const int ConnectionAborted = 103;
    public const int ConnectionReset = 104;
    public const int TimedOut = 110;
    public const int ConnectionRefused = 111;
    public const int HostUnreachable = 113;
    public const int InProgress = 115;

    // sys/socket.h
    public const int AddressFamilyV4 = 2;
    public const int AddressFamilyV6 = 10;
    public const int StreamSocket = 1;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int NoSignal = 0x4000;
    public const int Peek = 2;
    public const int ShutdownWrite = 1;

    // linux/sockios.h: bytes that were sent but not acknowledged
    private const nuint UnsentRequest = 0x5411;

    /// <summary>The error of the previous call.</summary>
    public static int Error => Marshal.GetLastSystemError();

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int CreateEpoll(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int ControlEpoll(int epoll, int operation, int descriptor, byte* interest);

    /// <summary>The only call that waits.</summary>
    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int Wait(int epoll, byte* events, int maxEvents, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int CreateEvent(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "write")]
    public static partial nint Write(int descriptor, void* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "accept4"), SuppressGCTransition]
    public static partial int Accept(int listener, byte* address, int* addressLength, int flags);

    [LibraryImport("libc", EntryPoint = "socket"), SuppressGCTransition]
    public static partial int CreateSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind"), SuppressGCTransition]
    public static partial int Bind(int descriptor, byte* address, int addressLength);

    [LibraryImport("libc", EntryPoint = "connect"), SuppressGCTransition]
    public static partial int Connect(int descriptor, byte* address, int addressLength);

    [LibraryImport("libc", EntryPoint = "getsockname"), SuppressGCTransition]
    public static partial int GetLocalAddress(int descriptor, byte* address, int* addressLength);

    [LibraryImport("libc", EntryPoint = "recv"), SuppressGCTransition]
    public static partial nint Receive(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send"), SuppressGCTransition]
    public static partial nint Send(int descriptor, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown"), SuppressGCTransition]
    public static partial int Shutdown(int descriptor, int how);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    /// <summary>Lets other threads that are ready run on this core.</summary>
    [LibraryImport("libc", EntryPoint = "sched_yield")]
    public static partial int Yield();

    /// <summary>Bytes in the send queue, including unacknowledged ones.</summary>
    public static int Unsent(int descriptor)
    {
        int count;
        return Control(descriptor, UnsentRequest, &count) == 0 ? count : 0;
    }

    /// <summary>Bytes in the send queue, also after a reset. Without the FIN at their end, which the kernel counts as one byte.</summary>
    public static int Unacknowledged(int descriptor, bool finIsQueued) =>
        Unsent(descriptor) is var count && finIsQueued && count > 0 ? count - 1 : count;

    /// <summary>Reads an option in the kernel's format. Returns its length, or -1 if there is no such option.</summary>
    public static int GetOption(int descriptor, KernelOption option, Span<byte> value)
    {
        var length = value.Length;
        fixed (byte* bytes = value)
            return GetOption(descriptor, option.Level, option.Name, bytes, &length) == 0 ? length : -1;
    }

    /// <summary>Sets a numeric option.</summary>
    public static bool SetOption(int descriptor, KernelOption option, int value) =>
        SetOption(descriptor, option.Level, option.Name, &value, sizeof(int)) == 0;

    /// <summary>Makes the close reset the connection (struct linger: on, zero seconds).</summary>
    public static void ResetOnClose(int descriptor)
    {
        var linger = stackalloc int[] { 1, 0 };
        _ = SetOption(descriptor, KernelOption.Linger.Level, KernelOption.Linger.Name, linger, 2 * sizeof(int));
    }

    /// <summary>The text of an error.</summary>
    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    [LibraryImport("libc", EntryPoint = "getsockopt"), SuppressGCTransition]
    private static partial int GetOption(int descriptor, int level, int name, void* value, int* length);

    [LibraryImport("libc", EntryPoint = "setsockopt"), SuppressGCTransition]
    private static partial int SetOption(int descriptor, int level, int name, void* value, int length);

    [LibraryImport("libc", EntryPoint = "ioctl"), SuppressGCTransition]
    private static partial int Control(int descriptor, nuint request, int* value);
}
