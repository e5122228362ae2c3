using System.Runtime.InteropServices;

namespace Sidecar.Capture;

/// <summary>Reads a pipe that may be silent for long, until it is stopped.</summary>
/// <param name="inner">The pipe, or a file.</param>
/// <param name="onIdle">Called each second in which nothing comes.</param>
/// <param name="stop">Makes the stream end.</param>
internal sealed partial class StoppableStream(FileStream inner, Action onIdle, CancellationToken stop) : Stream
{
    // A second signal need not come: this is how long the first one waits.
    private const int Milliseconds = 100;
    private const int LooksASecond = 10;
    private const short Readable = 1;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        for (var looks = 1; OperatingSystem.IsLinux() && !HasBytes(); looks++)
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

    // Also at the end, and after an error, which the read reports.
    private bool HasBytes()
    {
        var waited = new Waited { Descriptor = (int)inner.SafeFileHandle.DangerousGetHandle(), Wanted = Readable };
        return Poll(ref waited, 1, Milliseconds) != 0;
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref Waited waited, nuint count, int milliseconds);

    private struct Waited
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }
}
