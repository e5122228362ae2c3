namespace Sidecar.Benchmarks.Peers;

/// <summary>The bytes that the source sends over and over: random, so that nothing can shorten them, and known to both ends.</summary>
internal static class BulkPattern
{
    /// <summary>Bytes of one turn; iperf3 sends as many at once.</summary>
    public const int Length = 128 * 1024;

    private const int Seed = 20_260_101;

    public static byte[] Create()
    {
        var bytes = new byte[Length];
        new Random(Seed).NextBytes(bytes);
        return bytes;
    }
}
