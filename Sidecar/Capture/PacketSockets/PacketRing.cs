using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Sidecar.Capture.PacketSockets;

/// <summary>The ring of a packet socket, TPACKET_V3: blocks that the kernel fills and hands over (Documentation/networking/packet_mmap.rst).</summary>
internal sealed unsafe class PacketRing : IDisposable
{
    // linux/if_packet.h
    private const int PacketLevel = 263;
    private const int RingOption = 5;
    private const int VersionOption = 10;
    private const int Version3 = 2;
    private const uint OfUser = 1;
    private const int StatusOffset = 8;

    // Packets of 64 KB and more must fit; a block that is not full is handed over after this number of milliseconds.
    private const int MostBlockBytes = 1024 * 1024;
    private const int LeastBlockBytes = 256 * 1024;
    private const int HandOver = 20;

    private readonly byte* _blocks;
    private readonly int _blockBytes;
    private readonly int _count;
    private int _next;

    private PacketRing(byte* blocks, int blockBytes, int count)
    {
        _blocks = blocks;
        _blockBytes = blockBytes;
        _count = count;
    }

    /// <summary>Gives a socket a ring; null if that failed.</summary>
    public static PacketRing? Create(SafeFileHandle socket, int bytes)
    {
        var version = Version3;
        var blockBytes = Math.Clamp(bytes / 4, LeastBlockBytes, MostBlockBytes);
        var count = Math.Max(bytes / blockBytes, 2);
        // struct tpacket_req3: size and number of blocks, of frames (which only have to agree), time, two words for nothing.
        var request = stackalloc int[] { blockBytes, count, blockBytes, count, HandOver, 0, 0 };
        if (Libc.SetOption(socket, PacketLevel, VersionOption, &version, sizeof(int)) != 0 || Libc.SetOption(socket, PacketLevel, RingOption, request, 7 * sizeof(int)) != 0)
            return null;
        var blocks = Libc.Map((int)socket.DangerousGetHandle(), (nuint)blockBytes * (nuint)count, Libc.Readable | Libc.Writable, 0);
        return blocks == null ? null : new PacketRing(blocks, blockBytes, count);
    }

    /// <summary>The first packet of the next full block and the number of its packets; null if the kernel still has the block.</summary>
    public RingPacket* Next(out int count)
    {
        var block = _blocks + ((nint)_next * _blockBytes);
        count = 0;
        if ((Volatile.Read(ref Unsafe.AsRef<uint>(block + StatusOffset)) & OfUser) == 0)
            return null;
        count = *(int*)(block + StatusOffset + 4);
        return (RingPacket*)(block + *(uint*)(block + StatusOffset + 8));
    }

    /// <summary>Gives the block back to the kernel.</summary>
    public void Release()
    {
        Volatile.Write(ref Unsafe.AsRef<uint>(_blocks + ((nint)_next * _blockBytes) + StatusOffset), 0);
        _next = (_next + 1) % _count;
    }

    /// <inheritdoc/>
    public void Dispose() => _ = Libc.Unmap(_blocks, (nuint)_blockBytes * (nuint)_count);
}
