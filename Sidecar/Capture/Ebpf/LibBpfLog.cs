using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Sidecar.Capture.Ebpf;

/// <summary>What libbpf says goes nowhere; its last lines become a part of an error.</summary>
internal static unsafe class LibBpfLog
{
    private const int MostLines = 3;

    // The verifier's report of one program.
    private const int MostLength = 64 * 1024;

    private static readonly Lock Gate = new();
    private static readonly Queue<string> Lines = new();

    /// <summary>Begins to keep lines.</summary>
    /// <exception cref="DllNotFoundException">The library is not installed.</exception>
    public static void Start()
    {
        lock (Gate)
            Lines.Clear();
        LibBpf.SetPrint(&Print);
    }

    /// <summary>The last lines, as one.</summary>
    public static string Last()
    {
        lock (Gate)
            return string.Join("; ", Lines);
    }

    // A va_list is a pointer as an argument: it is an array on x86-64, and larger than two registers on arm64.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Print(int level, byte* format, void* arguments)
    {
        const int Debug = 2;
        if (level == Debug)
            return 0;
        var text = (byte*)NativeMemory.Alloc(MostLength);
        var length = Math.Min(LibBpf.Format(text, MostLength, format, arguments), MostLength - 1);
        var said = Encoding.UTF8.GetString(text, Math.Max(length, 0));
        NativeMemory.Free(text);
        lock (Gate)
        {
            foreach (var line in said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                Lines.Enqueue(line);
                if (Lines.Count > MostLines)
                    Lines.Dequeue();
            }
        }

        return 0;
    }
}
