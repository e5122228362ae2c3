using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Demo.Processes;

/// <summary>The one system call that .NET's <c>Process</c> lacks: asking a process to stop.</summary>
internal static partial class Libc
{
    private const int SigTerm = 15;

    // "No such process": it ended in the meantime.
    private const int Esrch = 3;

    /// <summary>Sends SIGTERM.</summary>
    /// <returns>False when there is no such process any more.</returns>
    /// <exception cref="Win32Exception">The signal is not permitted.</exception>
    public static bool Terminate(int processId)
    {
        if (Kill(processId, SigTerm) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == Esrch ? false : throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}
