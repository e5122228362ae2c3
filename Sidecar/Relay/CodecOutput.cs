using System.Buffers;

namespace Sidecar.Relay;

/// <summary>Where codecs write what they do not change in place. What one call writes is sent, or held, before the thread makes the next.</summary>
internal static class CodecOutput
{
    // A codec that wrote more once shall not keep so much memory on each thread.
    private const int MostKept = 1024 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _ofThread;

    /// <summary>The calling thread's own, empty.</summary>
    public static ArrayBufferWriter<byte> OfThread()
    {
        var output = _ofThread;
        if (output is null || output.Capacity > MostKept)
            return _ofThread = new ArrayBufferWriter<byte>();
        if (output.WrittenCount > 0)
            output.ResetWrittenCount();
        return output;
    }
}
