using System.Buffers;

namespace Sidecar.Relay;

/// <summary>
/// The buffer for codecs that do not change bytes in place. The output of one call is sent, or held, before the thread makes the next call.
/// </summary>
internal static class CodecOutput
{
    // A larger buffer is dropped, so that no thread keeps so much memory.
    private const int MostKept = 1024 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _ofThread;

    /// <summary>The buffer of the calling thread, empty.</summary>
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
