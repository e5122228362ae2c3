using Microsoft.Win32.SafeHandles;

namespace Chassis.Records;

/// <summary>Opens stdout so that a reader who has left is noticed.</summary>
public static class StandardOutput
{
    // EPIPE: asm-generic/errno-base.h.
    private const int BrokenPipe = 32;

    /// <summary>
    /// A stream whose writes fail with an <see cref="IOException"/> once nobody reads. The framework's own takes a pipe without
    /// a reader for one that takes all; but it alone moves the place in a file that others write to as well.
    /// </summary>
    public static Stream Open()
    {
        var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return output.CanSeek ? Console.OpenStandardOutput() : output;
    }

    /// <summary>Whether a write failed because nobody reads any more.</summary>
    public static bool HasNoReader(IOException error) => error.HResult == BrokenPipe;
}
