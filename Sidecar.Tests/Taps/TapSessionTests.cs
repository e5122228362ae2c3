using System.IO.Pipelines;
using System.Text;
using ByteFilters;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Relay;
using Sidecar.Taps;
using Sidecar.Tests.Support;
using Sidecar.Transform;
using Testing;
using Xunit;

namespace Sidecar.Tests.Taps;

/// <summary>How a tap ends, by its own limits and its reader's ways; the connection is one in memory that relays.</summary>
public sealed class TapSessionTests : IAsyncDisposable
{
    private const int Enough = 16 * 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly ManualTimeProvider _time = new();
    private readonly MemoryConnection _client = new();
    private readonly MemoryConnection _server = new("192.0.2.1:9000");
    private readonly ConnectionInfo _info;
    private readonly Task _relay;

    public TapSessionTests()
    {
        _info = Stage.Open(_client, Stage.Listener());
        _relay = new RelayConnection(_client, _server, _info, Stage.Timeouts, new TcpOptions(), TimeProvider.System)
            .RunAsync(CodecPair.For(TransformExpression.Identity, SidecarRole.Alone, new TransformCache()));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _client.SendEnd();
        _server.SendEnd();
        await _relay;
        await _client.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Run_WithMoreToShowThanEnough_EndsAfterSixteenMegabytes()
    {
        var output = new Pipe();
        var running = Session().RunAsync(output.Writer, Cancellation);
        var reading = Task.Run(() => ReadAsync(output.Reader), Cancellation);
        var chunk = new byte[Tap.MaxBytes];

        while (!running.IsCompleted)
        {
            await _client.SendAsync(chunk);
            await _server.ReceiveAsync();
        }

        Assert.True(await running);
        await output.Writer.CompleteAsync();
        var (length, end) = await reading;
        Assert.EndsWith("\n\nended: enough is shown\n", end, StringComparison.Ordinal);
        // The last text that is written is a block and a chunk at most.
        Assert.InRange(length, Enough, Enough + (32 * 1024));
        await _client.SendAsync("it goes on");
        Assert.Equal("it goes on"u8.ToArray(), await _server.ReceiveAsync());
    }

    [Fact]
    public async Task Run_WithItsTimeOverAndAReaderWhoTakesNothing_TellsSo()
    {
        // Full with the first byte.
        var output = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        var running = Session().RunAsync(output.Writer, Cancellation);

        _time.Advance(Limit);

        Assert.False(await running.WaitAsync(Limit, Cancellation));
    }

    [Fact]
    public async Task Run_WithItsTimeOverAndAReaderWhoHasAll_IsInOrder()
    {
        var output = new Pipe();
        var running = Session().RunAsync(output.Writer, Cancellation);

        _time.Advance(Limit);

        Assert.True(await running.WaitAsync(Limit, Cancellation));
        await output.Writer.CompleteAsync();
        Assert.EndsWith("\nended: 5 s are over\n", (await ReadAsync(output.Reader)).End, StringComparison.Ordinal);
    }

    private TapSession Session() => new([_info], Tap.MaxBytes, Limit, _time);

    private static async Task<(int Length, string End)> ReadAsync(PipeReader reader)
    {
        var (length, end) = (0, "");
        while (true)
        {
            var read = await reader.ReadAsync(Cancellation);
            length += (int)read.Buffer.Length;
            end = (end + Encoding.UTF8.GetString(read.Buffer))[^Math.Min(100, end.Length + (int)read.Buffer.Length)..];
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return (length, end);
        }
    }
}
