using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Demo.Processes;

/// <summary>System calls that .NET lacks.</summary>
internal static partial class Libc
{
    private const int SigKill = 9;
    private const int SigTerm = 15;

    // linux/sched.h
    private const int CloneNewNet = 0x4000_0000;

    // "No such process": it ended in the meantime.
    private const int Esrch = 3;

    /// <summary>Sends SIGTERM.</summary>
    /// <returns>False when there is no such process any more.</returns>
    /// <exception cref="Win32Exception">The signal is not permitted.</exception>
    public static bool Terminate(int processId) => Signal(processId, SigTerm);

    /// <summary>Sends SIGKILL; for processes that this program did not start.</summary>
    /// <returns>False when there is no such process any more.</returns>
    /// <exception cref="Win32Exception">The signal is not permitted.</exception>
    public static bool Kill(int processId) => Signal(processId, SigKill);

    /// <summary>Moves the calling thread, and no other, into a network namespace.</summary>
    /// <exception cref="Win32Exception">It is not permitted, or the file is no network namespace.</exception>
    public static void EnterNetworkNamespace(SafeFileHandle file)
    {
        if (SetNamespace(file, CloneNewNet) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private static bool Signal(int processId, int signal)
    {
        if (SendSignal(processId, signal) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == Esrch ? false : throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetNamespace(SafeFileHandle file, int type);
}
