using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Benchmarks.Peers;

/// <summary>The near end of raw bytes, in a process of its own: sends or receives on some connections for some seconds.</summary>
internal static class BulkClient
{
    /// <summary>Runs to the end; a connection that ends early is an error.</summary>
    public static PeerResult Run(int port, bool upload, int connections, int seconds)
    {
        var sockets = Enumerable.Range(0, connections).Select(_ => Connect(port)).ToList();
        var clock = Stopwatch.StartNew();
        var totals = new long[connections];
        var failures = new Exception?[connections];
        var threads = sockets.Select((socket, i) => new Thread(() => Move(i, socket))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        var result = new PeerResult(totals.Sum(), clock.Elapsed.TotalSeconds);
        // Closing comes after the clock: what is still on its way to a sink arrives all the same.
        sockets.ForEach(socket => socket.Dispose());
        return failures.FirstOrDefault(f => f is not null) is { } failure ? throw new MeasureException($"a connection broke: {failure.Message}", failure) : result;

        void Move(int index, Socket socket)
        {
            try
            {
                totals[index] = upload ? Send(socket, clock, seconds) : Receive(socket, clock, seconds);
            }
            catch (Exception error) when (error is SocketException or EndOfStreamException)
            {
                failures[index] = error;
            }
        }
    }

    private static Socket Connect(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    private static long Send(Socket socket, Stopwatch clock, int seconds)
    {
        var pattern = BulkPattern.Create();
        long total = 0;
        while (clock.Elapsed.TotalSeconds < seconds)
            total += socket.Send(pattern);
        return total;
    }

    private static long Receive(Socket socket, Stopwatch clock, int seconds)
    {
        var buffer = new byte[BulkPattern.Length];
        long total = 0;
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            var read = socket.Receive(buffer);
            total += read > 0 ? read : throw new EndOfStreamException("the source ended");
        }

        return total;
    }
}
