using Demo.Programs;
using Demo.Verification;
using Processes;
using Sidecar.Benchmarks.Machine;
using Sidecar.Benchmarks.Peers;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Load;

/// <summary>Thousands of connections at once. Their ends are processes of their own, each with descriptors of its own.</summary>
[Collection(HeavyLoad.Name)]
public sealed class ManyConnectionsTests
{
    private const int Clients = 2;
    private const int ConnectionsOfEach = 2000;
    private const int Connections = Clients * ConnectionsOfEach;

    // Measured at 2 KB on epoll and 13 KB on the framework's sockets; a heap that has not been collected yet may be some times that.
    // A buffer of 64 KB for each would be far above.
    // 2,000 connections of each of two processes, which have yet to start.
    private static readonly TimeSpan Opening = TimeSpan.FromMinutes(2);

    private const int MostForEach = 32 * 1024;

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Connections_InTheThousands_AllAnswerAndAllEnd(string transport)
    {
        await using var echo = await EchoAsync();
        await using var sidecar = await StartedSidecar.StartAsync(echo.Port, "--transport", transport);
        Assert.Equal(0, await ActiveAsync(sidecar));
        var (sockets, memory) = (KernelSockets.CountOf(sidecar.Id), ProcessMemory.Of(sidecar.Id));
        var clients = Enumerable.Range(0, Clients).Select(_ => Peer(PeerCommand.Idle, sidecar.Port, ConnectionsOfEach)).ToList();

        foreach (var client in clients)
            await Eventually.TrueAsync(() => client.Output.Contains(IdleClient.OpenLine), () => string.Join('\n', client.Errors), Opening);

        Assert.Equal(Connections, await ActiveAsync(sidecar));
        Assert.Equal(sockets + (2 * Connections), KernelSockets.CountOf(sidecar.Id));
        Assert.InRange((ProcessMemory.Of(sidecar.Id) - memory) / Connections, 0, MostForEach);
        // Each client looks whether all of its own have lasted, and says so in its exit code.
        foreach (var client in clients)
            client.Signal(ProcessSignal.Terminate);
        foreach (var client in clients)
            Assert.Equal((0, ""), (await client.ExitCodeAsync(), string.Join('\n', client.Errors)));
        var left = -1;
        await Eventually.TrueAsync(() => (left = KernelSockets.CountOf(sidecar.Id)) == sockets, () => $"{sockets} sockets before, {left} after");
        // A connection is accounted for, and recorded, once its sockets are closed.
        await Eventually.TrueAsync(() => sidecar.Records().Count == Connections);
        Assert.All(sidecar.Records(), r => Assert.Equal(("completed", r.Number("downstream_received")), (r.Reason, r.Number("downstream_sent"))));
        Assert.Equal(0, await ActiveAsync(sidecar));
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    private static ProgramProcess Peer(params IEnumerable<object> words) =>
        ProgramProcess.Start("Sidecar.Benchmarks", [PeerCommand.Name, .. words.Select(w => $"{w}")]);

    private static async Task<double> ActiveAsync(StartedSidecar sidecar) =>
        new MetricsPage((await sidecar.GetAsync("metrics", "/metrics")).Body).Sum("sidecar_connections_active");

    private static async Task<EchoProcess> EchoAsync()
    {
        // The program takes numbers only; nobody else is given one of this range.
        using var free = new FreePorts();
        int[] ports = [free.Next(), free.Next(), free.Next()];
        free.Dispose();
        var process = Peer(PeerCommand.Origin, ports[0], ports[1], ports[2]);
        await Eventually.TrueAsync(() => process.Output.Contains(BulkOrigin.ReadyLine), () => string.Join('\n', process.Errors));
        return new EchoProcess(process, ports[2]);
    }

    private sealed record EchoProcess(ProgramProcess Process, int Port) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Process.DisposeAsync();
    }
}
