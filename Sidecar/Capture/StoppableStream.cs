namespace Sidecar.Capture;

/// <summary>Reads a pipe that may be silent for long, until it is stopped.</summary>
/// <param name="inner">The pipe, or a file.</param>
/// <param name="onIdle">Called each second in which nothing comes.</param>
/// <param name="stop">Makes the stream end.</param>
internal sealed class StoppableStream(FileStream inner, Action onIdle, CancellationToken stop) : Stream
{
    // A second signal need not come: this is how long the first one waits.
    private const int Milliseconds = 100;
    private const int LooksASecond = 10;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        for (var looks = 1; OperatingSystem.IsLinux() && !Libc.WaitReadable((int)inner.SafeFileHandle.DangerousGetHandle(), Milliseconds); looks++)
        {
            if (stop.IsCancellationRequested)
                return 0;
            if (looks % LooksASecond == 0)
                onIdle();
        }

        return inner.Read(buffer);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
