using Microsoft.Win32.SafeHandles;

namespace VideoApi.Storage;

/// <summary>
/// The bytes that a file had when it was opened, and no more: bytes that are appended meanwhile belong to the next answer. If the
/// file became shorter, reading throws a <see cref="FileShrankException"/>.
/// </summary>
/// <param name="file">The file; it is closed with this stream.</param>
internal sealed class SnapshotStream(FileStream file) : Stream
{
    private long _position;

    /// <summary>The number of bytes that the file had.</summary>
    public override long Length { get; } = file.Length;

    /// <summary>The file's handle.</summary>
    public SafeFileHandle Handle => file.SafeFileHandle;

    /// <summary>Whether the file still has that length.</summary>
    public bool IsWhole => RandomAccess.GetLength(Handle) == Length;

    /// <summary>Set when reading stopped because the file became shorter; otherwise null.</summary>
    public FileShrankException? Shrank { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Position
    {
        get => _position;
        set => _position = value;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = Room(buffer.Length);
        return wanted == 0 ? 0 : Advance(await RandomAccess.ReadAsync(Handle, buffer[..wanted], _position, cancellationToken));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer)
    {
        var wanted = Room(buffer.Length);
        return wanted == 0 ? 0 : Advance(RandomAccess.Read(Handle, buffer[..wanted], _position));
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => _position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await file.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            file.Dispose();
        base.Dispose(disposing);
    }

    private int Room(int wanted) => (int)Math.Clamp(Length - _position, 0, wanted);

    private int Advance(int count)
    {
        if (count == 0)
            throw Shrank = new FileShrankException(Length, _position);
        _position += count;
        return count;
    }
}
