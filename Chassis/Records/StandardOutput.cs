using Microsoft.Win32.SafeHandles;

namespace Chassis.Records;

/// <summary>Opens stdout so that the program notices when the reader has left.</summary>
public static class StandardOutput
{
    // EPIPE: asm-generic/errno-base.h.
    private const int BrokenPipe = 32;

    /// <summary>
    /// A stream with writes that fail with an <see cref="IOException"/> when the reader has left. The framework's own stream treats a
    /// pipe without a reader as one that takes all bytes, but only it moves the position in a file that others write to as well.
    /// </summary>
    public static Stream Open()
    {
        var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return output.CanSeek ? Console.OpenStandardOutput() : output;
    }

    /// <summary>Whether a write failed because the reader has left.</summary>
    public static bool HasNoReader(IOException error) => error.HResult == BrokenPipe;
}
