using System.Runtime.CompilerServices;
using Chassis;

namespace Sidecar.Capture.Ebpf;

/// <summary>
/// The reading end of a BPF ring buffer (Documentation/bpf/ringbuf.rst): a page with the reader's position, one with the writer's,
/// and the data, mapped twice, so that no record has a seam.
/// </summary>
internal sealed unsafe class RingBuffer : IDisposable
{
    // linux/bpf.h: the header of a record is its length with two flags, and the kernel's own word.
    private const int HeaderLength = 8;
    private const uint Busy = 1u << 31;
    private const uint Discarded = 1u << 30;

    private readonly int _map;
    private readonly ulong _mask;
    private readonly byte* _reader;
    private readonly byte* _writer;
    private readonly byte* _data;

    /// <summary>Maps a ring.</summary>
    /// <param name="map">The descriptor of its map.</param>
    /// <param name="size">Its bytes, a power of two.</param>
    /// <exception cref="UsageException">There is no memory for it.</exception>
    public RingBuffer(int map, int size)
    {
        _map = map;
        _mask = (ulong)size - 1;
        _reader = Libc.Map(map, (nuint)Environment.SystemPageSize, Libc.Readable | Libc.Writable, 0);
        _writer = Libc.Map(map, WriterLength, Libc.Readable, Environment.SystemPageSize);
        _data = _writer + Environment.SystemPageSize;
        if (_reader == null || _writer == null)
            throw new UsageException($"eBPF could not map its ring: {Libc.ErrorText}");
    }

    private nuint WriterLength => (nuint)Environment.SystemPageSize + 2 * ((nuint)_mask + 1);

    /// <summary>The next record; null if there is none now. Its memory is the kernel's again after <see cref="Release"/>.</summary>
    public byte* Next()
    {
        while (Volatile.Read(ref Unsafe.AsRef<ulong>(_writer)) is var written && *(ulong*)_reader < written)
        {
            var header = _data + (*(ulong*)_reader & _mask);
            var length = Volatile.Read(ref Unsafe.AsRef<uint>(header));
            if ((length & Busy) != 0)
                return null;
            if ((length & Discarded) == 0)
                return header + HeaderLength;
            Release(header + HeaderLength);
        }

        return null;
    }

    /// <summary>Gives a record's memory back.</summary>
    public void Release(byte* record)
    {
        var length = *(uint*)(record - HeaderLength) & ~(Busy | Discarded);
        Volatile.Write(ref Unsafe.AsRef<ulong>(_reader), *(ulong*)_reader + ((length + HeaderLength + 7ul) & ~7ul));
    }

    /// <summary>Waits until the kernel's program wakes the reader, or the time is over.</summary>
    public void Wait(int milliseconds) => Libc.WaitReadable(_map, milliseconds);

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = Libc.Unmap(_reader, (nuint)Environment.SystemPageSize);
        _ = Libc.Unmap(_writer, WriterLength);
    }
}
