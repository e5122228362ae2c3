namespace Sidecar.Records.Command;

/// <summary>A file that other processes write to: reading continues at its end, until another file has replaced it.</summary>
/// <param name="file">The file; closed with this.</param>
/// <param name="path">The path that was opened.</param>
internal sealed class GrowingFile(FileStream file, string path) : Stream
{
    // Four times as often as tail.
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
            // Checked before the read, so that bytes written to the old file until then are still read.
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

    // By length, which the two files share only for a moment. A file that is gone can come again.
    private bool IsReplaced()
    {
        var before = file.Length;
        var there = new FileInfo(path);
        return there.Exists && (there.Length < before || there.Length > file.Length || there.Length < file.Position);
    }
}
