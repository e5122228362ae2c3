using System.Net;
using System.Net.Sockets;
using ByteFilters;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Peers;

namespace Sidecar.Benchmarks.Load;

/// <summary>Before anything is measured: a candidate relays what it should, transformed as it should be.</summary>
internal static class CandidateCheck
{
    private const int CheckedBytes = 64 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Reads from the source and, where bytes arrive as they were sent, makes a request.</summary>
    /// <exception cref="MeasureException">Says what is wrong.</exception>
    public static async Task RunAsync(RunningCandidate candidate, CancellationToken cancellation)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(Limit);
            await CheckBytesAsync(candidate, limit.Token);
            if (candidate.Candidate.Transform.Equals(TransformExpression.Identity))
                await CheckHttpAsync(candidate, limit.Token);
        }
        catch (Exception error) when (error is SocketException or HttpRequestException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new MeasureException($"it does not relay: {error.Message}", error);
        }
    }

    private static async Task CheckBytesAsync(RunningCandidate candidate, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, candidate.Ports.Source), cancellation);
        var bytes = new byte[CheckedBytes];
        for (var read = 0; read < bytes.Length;)
        {
            var more = await socket.ReceiveAsync(bytes.AsMemory(read), cancellation);
            read += more > 0 ? more : throw new MeasureException("the source's bytes end early");
        }

        // What comes from the upstream is taken back.
        var back = candidate.Candidate.Transform.Inverse().AsPermutation()!;
        var expected = BulkPattern.Create().Take(CheckedBytes).Select(b => back.Table[b]);
        if (!bytes.SequenceEqual(expected))
            throw new MeasureException("the source's bytes are not what should arrive");
    }

    private static async Task CheckHttpAsync(RunningCandidate candidate, CancellationToken cancellation)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var body = await http.GetStringAsync(new Uri($"http://127.0.0.1:{candidate.Ports.Http}/"), cancellation);
        if (body != NginxPrograms.Body)
            throw new MeasureException("the answer's body is not the origin's");
    }
}
