using System.Net;
using System.Net.Sockets;

namespace Sidecar.Benchmarks.Peers;

/// <summary>
/// Holds connections to an echo, in a process of its own. Each has carried a few bytes there and back, so it stands all
/// the way; then it is silent until the process is told to stop, which fails if a connection did not last.
/// </summary>
internal static class IdleClient
{
    /// <summary>What is printed once all are open.</summary>
    public const string OpenLine = "open";

    // As many at once as the rest of the load: it is the number held that matters, not the rush.
    private const int AtOnce = 64;

    private static readonly byte[] Greeting = [.. "a few bytes there and back"u8];

    /// <summary>Opens them, waits, and counts those still open.</summary>
    /// <exception cref="MeasureException">Not all lasted.</exception>
    public static async Task RunAsync(int port, int connections, CancellationToken stop)
    {
        var sockets = new List<Socket>(connections);
        try
        {
            for (var left = connections; left > 0; left -= AtOnce)
                sockets.AddRange(await Task.WhenAll(Enumerable.Range(0, Math.Min(AtOnce, left)).Select(_ => OpenAsync(port, stop))));
            await Console.Out.WriteLineAsync(OpenLine);
            await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Neither bytes nor an end are expected; readable means either.
            var lost = sockets.Count(socket => socket.Poll(0, SelectMode.SelectRead));
            if (lost > 0)
                throw new MeasureException($"{lost} of {connections} idle connections did not last");
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    private static async Task<Socket> OpenAsync(int port, CancellationToken stop)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), stop);
            await socket.SendAsync(Greeting, stop);
            var back = new byte[Greeting.Length];
            for (var read = 0; read < back.Length;)
            {
                var more = await socket.ReceiveAsync(back.AsMemory(read), stop);
                read += more > 0 ? more : throw new MeasureException("a connection ended before its echo");
            }

            return back.AsSpan().SequenceEqual(Greeting) ? socket : throw new MeasureException("an echo differs from what was sent");
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new MeasureException($"a connection broke: {error.Message}", error);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
