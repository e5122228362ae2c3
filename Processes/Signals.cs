using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Processes;

/// <summary>Sends signals, also to processes that this program did not start.</summary>
public static partial class Signals
{
    // "No such process": the process has ended before.
    private const int Esrch = 3;

    /// <summary>Sends a signal.</summary>
    /// <returns>False if the process no longer exists.</returns>
    /// <exception cref="Win32Exception">The signal is not permitted.</exception>
    public static bool Send(int processId, ProcessSignal signal)
    {
        if (Kill(processId, (int)signal) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == Esrch ? false : throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}
