using System.Runtime.InteropServices;
using System.Text;
using Sidecar.Owners;

namespace Sidecar.Capture.Ebpf;

/// <summary>The processes that have connected sockets lately, by the sockets' cookies.</summary>
internal sealed unsafe class ConnectingProcesses(int map)
{
    // PROC_PID_INIT_INO (linux/proc_ns.h): the kernel's program sees the numbers of this namespace.
    private const string FirstNamespace = "pid:[4026531836]";

    private readonly bool _hasNumbers = new FileInfo("/proc/self/ns/pid").LinkTarget == FirstNamespace;

    /// <summary>The process; null if it is not known, or has another number here.</summary>
    public ProcessName? Find(ulong cookie)
    {
        Connecting found;
        if (cookie == 0 || !_hasNumbers || LibBpf.LookUp(map, &cookie, &found) != 0)
            return null;
        ReadOnlySpan<byte> command = found.Command;
        return new ProcessName((int)found.Process, Encoding.UTF8.GetString(command[..command.IndexOf((byte)0)]));
    }

    // struct connecting of capture.bpf.c
    [StructLayout(LayoutKind.Sequential)]
    private struct Connecting
    {
        public uint Process;
        public CommandBytes Command;
    }

    // TASK_COMM_LEN, with a zero at the end.
    [System.Runtime.CompilerServices.InlineArray(16)]
    private struct CommandBytes
    {
        private byte _first;
    }
}
