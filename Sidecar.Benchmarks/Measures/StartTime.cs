using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Processes;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Load;

namespace Sidecar.Benchmarks.Measures;

/// <summary>How long a candidate takes from its start until it has relayed a first byte there and back.</summary>
internal sealed class StartTime(Workshop shop)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    /// <summary>Starts the candidate, asks it, stops it.</summary>
    /// <exception cref="MeasureException">It does not relay.</exception>
    /// <exception cref="ProcessFailedException">It did not start.</exception>
    public async Task<IReadOnlyList<Reading>> RunAsync(Candidate candidate, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        await using var running = await RunningCandidate.StartAsync(candidate, shop, cancellation);
        await AskAsync(running.Ports.Echo, cancellation);
        return [new(Quantity.FirstAnswer, clock.Elapsed.TotalMilliseconds)];
    }

    private static async Task AskAsync(int port, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerLimit);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), limit.Token);
            await socket.SendAsync(new byte[1], limit.Token);
            if (await socket.ReceiveAsync(new byte[1], limit.Token) == 0)
                throw new MeasureException("the first connection ended without an answer");
        }
        catch (Exception error) when (error is SocketException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new MeasureException($"no first answer: {error.Message}", error);
        }
    }
}
