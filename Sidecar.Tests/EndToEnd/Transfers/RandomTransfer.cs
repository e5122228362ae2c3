using System.Net.Sockets;
using System.Security.Cryptography;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Transfers;

/// <summary>Random bytes in chunks of random size, made and checked as they move: no copy of the whole is held.</summary>
internal static class RandomTransfer
{
    private const int MaxChunk = 200_000;

    /// <summary>Sends so many bytes, ends the direction and returns their SHA-256.</summary>
    public static async Task<string> SendAsync(Socket socket, long count, int seed)
    {
        var random = new Random(seed);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var left = count; left > 0;)
        {
            var chunk = new byte[(int)Math.Min(left, random.Next(1, MaxChunk))];
            random.NextBytes(chunk);
            hash.AppendData(chunk);
            await socket.SendAllAsync(chunk);
            left -= chunk.Length;
        }

        socket.Finish();
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Reads up to the end of the stream.</summary>
    public static async Task<(long Count, string Hash)> ReceiveAsync(Socket socket)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[128 * 1024];
        var count = 0L;
        int read;
        while ((read = await socket.ReceiveAsync(block, TestContext.Current.CancellationToken).AsTask().WaitAsync(SocketTalk.Limit)) > 0)
        {
            hash.AppendData(block, 0, read);
            count += read;
        }

        return (count, Convert.ToHexString(hash.GetHashAndReset()));
    }
}
