using System.Diagnostics;
using Demo.Programs;
using Sidecar.Benchmarks;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Machine;
using Sidecar.Benchmarks.Measures;
using Testing;
using Testing.Peers;
using Xunit;

namespace Workload.Tests.Benchmarks;

[SystemTest]
public sealed class StartTimeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_OfTheSidecar_IsWithinTheTestsOwnTime()
    {
        await using var echo = new EchoServer();
        var clock = Stopwatch.StartNew();

        var reading = Assert.Single(await RunAsync(echo.Port));

        Assert.Equal(Quantity.FirstAnswer, reading.Quantity);
        Assert.InRange(reading.Value, 1, clock.Elapsed.TotalMilliseconds);
    }

    [Fact]
    public async Task Run_WithoutAnOrigin_SaysThatNothingAnswers()
    {
        int port;
        using (var left = new LoopbackListener())
            port = left.Port;

        await Assert.ThrowsAsync<MeasureException>(() => RunAsync(port));
    }

    private Task<IReadOnlyList<Sidecar.Benchmarks.Load.Reading>> RunAsync(int echo)
    {
        var built = BuiltPrograms.Locate();
        var shop = new Workshop(new DebianPrograms("", "", "", ""), built, built.Run("Sidecar").Last(), [], _folder.Root, new RelayPorts(9, 9, 9, 9, echo, 9), new RecordServers());
        return new StartTime(shop).RunAsync(CandidateList.All.Single(candidate => candidate.Name == CandidateList.Sidecar), TestContext.Current.CancellationToken);
    }
}
