namespace Sidecar.Records.Command;

/// <summary>A file that others write to: its end is not the end, unless another file has taken its place.</summary>
/// <param name="file">The file; closed with this.</param>
/// <param name="path">Where it was opened.</param>
internal sealed class GrowingFile(FileStream file, string path) : Stream
{
    // As often as tail looks, or four times.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            // Looked for before the read: what was written to the old file until then is still read.
            var isReplaced = IsReplaced();
            var count = await file.ReadAsync(buffer, cancellationToken);
            if (count > 0 || isReplaced)
                return count;
            await Task.Delay(Pause, cancellationToken);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            file.Dispose();
        base.Dispose(disposing);
    }

    // By length, which the two share only for a moment. A file that is gone may come again.
    private bool IsReplaced()
    {
        var before = file.Length;
        var there = new FileInfo(path);
        return there.Exists && (there.Length < before || there.Length > file.Length || there.Length < file.Position);
    }
}
