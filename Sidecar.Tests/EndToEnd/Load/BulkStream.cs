using System.Net.Sockets;
using System.Security.Cryptography;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Load;

/// <summary>
/// Many bytes at little cost: pieces of one random block, of random length from random places, with a pause now and then.
/// No piece tells where it belongs, so a lost, doubled or swapped one changes the hash.
/// </summary>
internal static class BulkStream
{
    private const int BlockLength = 1 << 20;
    private const int MaxChunk = 256 * 1024;

    // Each side rests once in so many chunks, so that buffers run full and empty.
    private const int ChunksPerPause = 200;

    private static readonly byte[] Block = CreateBlock();

    /// <summary>Sends so many bytes, ends the direction and returns their SHA-256.</summary>
    public static async Task<string> SendAsync(Socket socket, long count, int seed)
    {
        var random = new Random(seed);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var left = count; left > 0;)
        {
            var length = (int)Math.Min(left, ChunkLength(random));
            var chunk = Block.AsMemory(random.Next(BlockLength - length), length);
            hash.AppendData(chunk.Span);
            left -= length;
            while (chunk.Length > 0)
                chunk = chunk[await socket.SendAsync(chunk, TestContext.Current.CancellationToken)..];
            await RestAsync(random);
        }

        socket.Shutdown(SocketShutdown.Send);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Reads up to the end of the stream, into buffers of random length.</summary>
    public static async Task<(long Count, string Hash)> ReceiveAsync(Socket socket, int seed)
    {
        var random = new Random(seed);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[MaxChunk];
        var count = 0L;
        int read;
        while ((read = await socket.ReceiveAsync(buffer.AsMemory(0, ChunkLength(random)), TestContext.Current.CancellationToken)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            count += read;
            await RestAsync(random);
        }

        return (count, Convert.ToHexString(hash.GetHashAndReset()));
    }

    // Every tenth is small: bytes of one segment, and of less than one.
    private static int ChunkLength(Random random) => random.Next(10) == 0 ? random.Next(1, 2000) : random.Next(16 * 1024, MaxChunk);

    private static Task RestAsync(Random random) =>
        random.Next(ChunksPerPause) == 0 ? Task.Delay(random.Next(1, 5), TestContext.Current.CancellationToken) : Task.CompletedTask;

    private static byte[] CreateBlock()
    {
        var block = new byte[BlockLength];
        new Random(20_261_122).NextBytes(block);
        return block;
    }
}
