using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Demo.Transparent;

/// <summary>System calls that .NET lacks.</summary>
internal static partial class Libc
{
    // linux/sched.h
    private const int CloneNewNet = 0x4000_0000;

    /// <summary>Moves the calling thread, and no other, into a network namespace.</summary>
    /// <exception cref="Win32Exception">It is not permitted, or the file is no network namespace.</exception>
    public static void EnterNetworkNamespace(SafeFileHandle file)
    {
        if (SetNamespace(file, CloneNewNet) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetNamespace(SafeFileHandle file, int type);
}
