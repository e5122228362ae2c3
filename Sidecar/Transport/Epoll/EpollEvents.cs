using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidecar.Transport.Epoll;

/// <summary>struct epoll_event: packed to twelve bytes on x86-64, sixteen bytes elsewhere (sys/epoll.h).</summary>
internal static unsafe class EpollEvents
{
    private static readonly int TokenOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    public static int Size => TokenOffset + sizeof(ulong);

    public static uint Events(byte* entry) => Unsafe.ReadUnaligned<uint>(entry);

    public static ulong Token(byte* entry) => Unsafe.ReadUnaligned<ulong>(entry + TokenOffset);

    public static void Write(byte* entry, uint events, ulong token)
    {
        Unsafe.WriteUnaligned(entry, events);
        Unsafe.WriteUnaligned(entry + TokenOffset, token);
    }
}
