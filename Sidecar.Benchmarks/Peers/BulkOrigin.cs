using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Benchmarks.Peers;

/// <summary>
/// The far end of raw bytes, in a process of its own: a source that sends until its peer leaves, a sink that counts what
/// it receives and prints it at the end of each connection, and an echo. None of them minds which bytes come.
/// </summary>
internal static class BulkOrigin
{
    /// <summary>What the sink prints before a connection's bytes.</summary>
    public const string ReceivedLine = "received ";

    /// <summary>What is printed once all three accept.</summary>
    public const string ReadyLine = "ready";

    // Enough for thousands of connections at once.
    private const int Backlog = 4096;

    /// <summary>Serves until cancelled.</summary>
    public static async Task RunAsync(int sourcePort, int sinkPort, int echoPort, CancellationToken stop)
    {
        using Socket source = Listen(sourcePort), sink = Listen(sinkPort), echo = Listen(echoPort);
        var serving = Task.WhenAll(
            AcceptAsync(source, connection => OnThread(() => Send(connection)), stop),
            AcceptAsync(sink, connection => OnThread(() => Receive(connection)), stop),
            AcceptAsync(echo, connection => EchoAsync(connection, stop), stop));
        await Console.Out.WriteLineAsync(ReadyLine);
        await serving;
    }

    private static Socket Listen(int port)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(Backlog);
        return listener;
    }

    private static async Task AcceptAsync(Socket listener, Func<Socket, Task> serve, CancellationToken stop)
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptAsync(stop), serve);
        }
        catch (OperationCanceledException)
        {
            // The regular end.
        }
    }

    private static async Task ServeAsync(Socket connection, Func<Socket, Task> serve)
    {
        using (connection)
        {
            try
            {
                await serve(connection);
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException)
            {
                // The peer left, or the process ends.
            }
        }
    }

    // Blocking calls on threads of their own cost the loaded machine the least: no event loop, no buffer besides the call's.
    private static Task OnThread(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Send(Socket connection)
    {
        var pattern = BulkPattern.Create();
        while (true)
            connection.Send(pattern);
    }

    private static void Receive(Socket connection)
    {
        var buffer = new byte[BulkPattern.Length];
        long total = 0;
        while (connection.Receive(buffer) is > 0 and var read)
            total += read;
        Console.Out.WriteLine(ReceivedLine + total.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task EchoAsync(Socket connection, CancellationToken stop)
    {
        var buffer = new byte[1024];
        while (await connection.ReceiveAsync(buffer, stop) is > 0 and var read)
        {
            for (var sent = 0; sent < read;)
                sent += await connection.SendAsync(buffer.AsMemory(sent..read), stop);
        }
    }
}
