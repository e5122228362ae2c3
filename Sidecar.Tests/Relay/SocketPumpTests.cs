using System.Buffers;
using System.Net.Sockets;
using Sidecar.Relay;
using Sidecar.Tests.EndToEnd.Faults;
using Sidecar.Tests.Support.Peers;
using Sidecar.Tests.Transport.Epoll;
using Sidecar.Transform;
using Sidecar.Transport.Epoll;
using Xunit;

namespace Sidecar.Tests.Relay;

/// <summary>One direction between two real sockets on one loop.</summary>
public sealed class SocketPumpTests : IAsyncLifetime
{
    private readonly RunningLoop _running = new();
    private readonly ByteCounts _from = new();
    private readonly ByteCounts _to = new();
    private EpollConnection _source = null!;
    private EpollConnection _sink = null!;
    private Socket _sender = null!;
    private Socket _receiver = null!;
    private int _broke;

    public async ValueTask InitializeAsync()
    {
        (_source, _sender) = await _running.OpenAsync();
        (_sink, _receiver) = await _running.OpenAsync();
        await _running.RunAsync(() =>
        {
            _source.Socket.JoinWith(_sink.Socket);
            return Task.CompletedTask;
        });
    }

    public async ValueTask DisposeAsync()
    {
        _sender.Dispose();
        _receiver.Dispose();
        await _running.RunAsync(async () =>
        {
            await _source.DisposeAsync();
            await _sink.DisposeAsync();
        });
        _running.Dispose();
        Assert.Empty(_running.Errors);
    }

    [Fact]
    public async Task Run_AfterStagesUsedThePipes_PassesOnWhatIsLeftInBothFirst()
    {
        await _sender.SendAsync("line\nahead ");
        await _running.RunAsync(async () =>
        {
            var read = await _source.Transport.Input.ReadAtLeastAsync(11);
            _source.Transport.Input.AdvanceTo(read.Buffer.GetPosition(5));
            // Left unflushed, so that it goes with the first bytes.
            _sink.Transport.Output.Write("header "u8);
        });
        await _sender.SendAsync("and more");
        _sender.Finish();

        var result = await RunAsync(new XorTransform(0));

        Assert.Equal(PumpEnd.EndOfStream, result.End);
        Assert.Equal("header ahead and more"u8.ToArray(), await _receiver.ReadToEndAsync());
        // What a stage has written is its own affair.
        Assert.Equal((14, 14, true), (_from.Received, _to.Sent, _from.HasEnded));
    }

    [Fact]
    public async Task Run_OfAnHeaderThatNobodyFollows_SendsItAllTheSame()
    {
        await _running.RunAsync(() =>
        {
            _sink.Transport.Output.Write("header"u8);
            return Task.CompletedTask;
        });
        var running = RunAsync(IdentityTransform.Instance);

        Assert.Equal("header", await _receiver.ReadTextAsync(6));

        _sender.Finish();
        await running;
    }

    [Fact]
    public async Task Run_BeforeAReceiverThatStalls_HoldsAtMostOneBufferAndTransformsEachByteOnce()
    {
        const int count = 48_000_000;
        var running = RunAsync(new XorTransform(0xff));
        var sending = SendInvertedAsync(_sender, count);
        await StandsStillAsync();

        Assert.InRange(_from.Received - _to.Sent, 1, EventLoop.ScratchSize);

        Assert.Equal(count, await Pattern.ReadToEndAsync(_receiver));
        await sending;
        Assert.Equal(PumpEnd.EndOfStream, (await running).End);
        Assert.Equal((count, count), (_from.Received, _to.Sent));
    }

    [Fact]
    public async Task Run_WhenTheSourceIsResetWhileTheSinkTakesNothing_TellsAtOnceAndDeliversTheRest()
    {
        var running = RunAsync(IdentityTransform.Instance);
        await FillAsync();
        _sender.Close(0);
        await Support.Eventually.TrueAsync(() => Volatile.Read(ref _broke) == 1);
        Assert.False(running.IsCompleted);

        var received = 0L;
        var buffer = new byte[1 << 20];
        while (!running.IsCompleted || received < _to.Sent)
        {
            var read = _receiver.Available > 0 ? await _receiver.ReceiveAsync(buffer, TestContext.Current.CancellationToken) : 0;
            received += read;
            if (read == 0)
                await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Assert.Equal(PumpEnd.SourceReset, (await running).End);
        Assert.Equal((_from.Received, 1), (_to.Sent, _broke));
    }

    [Fact]
    public async Task Run_WhenTheSinkIsResetWhileNothingFlows_Ends()
    {
        var running = RunAsync(IdentityTransform.Instance);

        _receiver.Close(0);

        Assert.Equal(PumpEnd.SinkClosed, (await running).End);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_WhenASideIsClosedByThisProcess_IsAborted(bool source)
    {
        var running = RunAsync(IdentityTransform.Instance);
        await _sender.SendAsync("x");
        Assert.Equal("x", await _receiver.ReadTextAsync(1));

        (source ? _source : _sink).Abort();
        if (!source)
            await _sender.SendAsync("y");

        Assert.Equal(PumpEnd.Aborted, (await running).End);
    }

    private Task<PumpResult> RunAsync(ByteTransform transform) => _running.RunAsync(async () =>
    {
        using var silence = new SilenceTimer(TimeProvider.System, TimeSpan.FromHours(1), () => { });
        return await new SocketPump(_source, _sink, transform, new DirectionMeter(silence, _from, _to), () => _broke++).RunAsync();
    });

    private async Task FillAsync()
    {
        var position = 0L;
        for (var still = 0; still < 5;)
        {
            var sent = Pattern.TrySend(_sender, position);
            position += sent;
            still = sent == 0 && _from.Received > _to.Sent ? still + 1 : 0;
            if (sent == 0)
                await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private async Task StandsStillAsync()
    {
        for (var (last, still) = (-1L, 0); still < 5;)
        {
            still = _from.Received == last && _from.Received > _to.Sent ? still + 1 : 0;
            last = _from.Received;
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private static async Task SendInvertedAsync(Socket socket, int count)
    {
        for (var position = 0; position < count;)
        {
            var chunk = Pattern.At(position, Math.Min(100_000, count - position)).ToArray();
            new XorTransform(0xff).Apply(chunk);
            await socket.SendAllAsync(chunk);
            position += chunk.Length;
        }

        socket.Finish();
    }
}
