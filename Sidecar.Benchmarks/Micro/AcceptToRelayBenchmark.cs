using BenchmarkDotNet.Attributes;

namespace Sidecar.Benchmarks.Micro;

/// <summary>A connection's whole life: connect, one byte there, one back, close.</summary>
public class AcceptToRelayBenchmark
{
    private readonly byte[] _byte = new byte[1];
    private InProcessSidecar _sidecar = null!;

    /// <summary>What the sidecar does to the bytes; direct is no sidecar.</summary>
    [Params("direct", "idt", "xor 42")]
    public string Transform { get; set; } = "";

    /// <summary>Starts the sidecar.</summary>
    [GlobalSetup]
    public async Task SetUp() => _sidecar = await InProcessSidecar.StartAsync(Transform);

    /// <summary>Stops it.</summary>
    [GlobalCleanup]
    public async Task CleanUp() => await _sidecar.DisposeAsync();

    /// <summary>One connection.</summary>
    [Benchmark]
    public void Connection()
    {
        var (client, upstream) = _sidecar.Connect();
        using (client)
        {
            using (upstream)
            {
                client.Send(_byte);
                InProcessSidecar.Fill(upstream, _byte);
                upstream.Send(_byte);
                InProcessSidecar.Fill(client, _byte);
            }
        }
    }
}
