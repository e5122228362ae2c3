using System.Net.Sockets;
using BenchmarkDotNet.Attributes;

namespace Sidecar.Benchmarks.Micro;

/// <summary>A chunk through the relay, from the client's socket to the upstream's.</summary>
public class PumpBenchmark
{
    private InProcessSidecar _sidecar = null!;
    private Socket _client = null!;
    private Socket _upstream = null!;
    private byte[] _chunk = [];
    private byte[] _received = [];

    /// <summary>Bytes of the chunk.</summary>
    [Params(1024, 64 * 1024)]
    public int Size { get; set; }

    /// <summary>What the sidecar does to the bytes; direct is no sidecar.</summary>
    [Params("direct", "idt", "xor 42")]
    public string Transform { get; set; } = "";

    /// <summary>Starts the sidecar and opens the one connection.</summary>
    [GlobalSetup]
    public async Task SetUp()
    {
        _sidecar = await InProcessSidecar.StartAsync(Transform);
        (_client, _upstream) = _sidecar.Connect();
        (_chunk, _received) = (new byte[Size], new byte[Size]);
        new Random(Size).NextBytes(_chunk);
    }

    /// <summary>Closes it.</summary>
    [GlobalCleanup]
    public async Task CleanUp()
    {
        _client.Dispose();
        _upstream.Dispose();
        await _sidecar.DisposeAsync();
    }

    /// <summary>One chunk, until all of it has arrived.</summary>
    [Benchmark]
    public void Chunk()
    {
        _client.Send(_chunk);
        InProcessSidecar.Fill(_upstream, _received);
    }
}
