using System.Net.Sockets;
using ByteFilters;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Relay;
using Sidecar.Tests.EndToEnd.Faults;
using Sidecar.Tests.EndToEnd.Load;
using Sidecar.Tests.Support;
using Sidecar.Tests.Transport.Epoll;
using Sidecar.Transform;
using Sidecar.Transport;
using Sidecar.Transport.Epoll;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Relay;

/// <summary>The relay's direct way, from socket to socket on one loop.</summary>
[Collection(HeavyLoad.Name)]
[SystemTest]
public sealed class SocketRelayTests : IAsyncLifetime
{
    private readonly RunningLoop _running = new();
    private EpollConnection _downstream = null!;
    private EpollConnection _upstream = null!;
    private ConnectionInfo _info = null!;
    private Socket _client = null!;
    private Socket _server = null!;

    public async ValueTask InitializeAsync()
    {
        (_downstream, _client) = await _running.OpenAsync();
        (_upstream, _server) = await _running.OpenAsync();
        _info = Stage.Open(_downstream, Stage.Listener());
        Assert.True(_info.Attach(_upstream));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _server.Dispose();
        await _running.RunAsync(async () =>
        {
            await _downstream.DisposeAsync();
            await _upstream.DisposeAsync();
        });
        _running.Dispose();
        Assert.Empty(_running.Errors);
    }

    [Fact]
    public async Task Run_AfterStagesUsedThePipes_PassesOnWhatIsLeftInBothFirst()
    {
        await _client.SendAsync("line\nahead ");
        await _running.RunAsync(async () =>
        {
            var read = await _downstream.Transport.Input.ReadAtLeastAsync(11);
            _downstream.Transport.Input.AdvanceTo(read.Buffer.GetPosition(5));
            await _upstream.Transport.Output.WriteAsync("header "u8.ToArray());
        });
        await _client.SendAsync("and more");
        _client.Finish();

        var running = RunAsync();

        Assert.Equal("header ahead and more"u8.ToArray(), await _server.ReadToEndAsync());
        _server.Finish();
        await running;
        Assert.Equal(RelayEndReason.Completed, _info.Ending.Reason);
        // What a stage has written is its own affair.
        Assert.Equal((14, 14), (_info.Downstream.Received, _info.UpstreamBytes.Sent));
    }

    [Fact]
    public async Task Run_BeforeAServerThatStalls_HoldsAtMostOneReadAndTransformsEachByteOnce()
    {
        const int count = 48_000_000;
        var running = RunAsync(new CodecPair(new InPlaceCodec(CompiledTransform.Compile(TransformExpression.Not).Start()), new InPlaceCodec(IdentityTransform.Instance)));
        var sending = SendInvertedAsync(count);
        await StandsStillAsync();

        Assert.InRange(_info.Downstream.Received - _info.UpstreamBytes.Sent, 1, EventLoop.ScratchSize);

        Assert.Equal(count, await Pattern.ReadToEndAsync(_server));
        await sending;
        _server.Finish();
        await running;
        Assert.Equal((count, count), (_info.Downstream.Received, _info.UpstreamBytes.Sent));
    }

    [Fact]
    public async Task Run_WhenTheClientIsResetWhileTheServerTakesNothing_NotesItAtOnceAndDeliversTheRest()
    {
        var running = RunAsync();
        await FillAsync();

        _client.Close(0);
        await Eventually.TrueAsync(() => _info.Failure is { Reason: RelayEndReason.ClientReset });

        var received = await Pattern.ReadToResetAsync(_server);

        await running;
        Assert.Equal((received, received), (_info.Downstream.Received, _info.UpstreamBytes.Sent));
    }

    [Fact]
    public async Task Run_WhenSendingLearnsOfTheResetWhileTheServerTakesNothing_EndsSoon()
    {
        var running = RunAsync();
        await FillAsync();
        // The kernel tells of a reset once, and here it is not an event that tells.
        await _running.RunAsync(() =>
        {
            _client.Close(0);
            Assert.Equal(SocketStatus.Failed, _downstream.Socket.Send("x"u8, out _));
            return Task.CompletedTask;
        });

        await _server.SendAsync("an answer that finds nobody");

        // Both stay for minutes if this reset is taken for half an end.
        await running;
        Assert.Equal(RelayEndReason.ClientReset, _info.Ending.Reason);
    }

    // A stage's send: no event tells the relay of it any more, and what the client has sent waits for a server that takes nothing.
    [Fact]
    public async Task Run_AfterASendThatLearnedOfTheReset_NotesItThoughTheServerTakesNothing()
    {
        await _client.SendAsync("question");
        await Eventually.TrueAsync(() => Libc.Unsent((int)_client.Handle) == 0);
        await FillAsync(_upstream.Socket);
        await _running.RunAsync(() =>
        {
            _client.Close(0);
            Assert.Equal(SocketStatus.Failed, _downstream.Socket.Send("granted"u8, out _));
            return Task.CompletedTask;
        });

        var running = RunAsync();

        await Eventually.TrueAsync(() => _info.Failure is { Reason: RelayEndReason.ClientReset });
        await running;
        await _server.IsResetAsync();
    }

    [Fact]
    public async Task Run_WhenTheServerIsGoneBehindItsEnd_GivesTheClientAllOfItAndAnOrderlyEnd()
    {
        var running = RunAsync();
        // More than the client takes; the rest, and the end, wait in the sidecar's kernel.
        var count = 0L;
        while (_info.UpstreamBytes.Received == _info.Downstream.Sent)
        {
            await Pattern.SendAsync(_server, 16_384, count);
            count += 16_384;
            // No more than one piece ahead of the relay, so that the kernel has room for the end.
            await Eventually.TrueAsync(() => _info.UpstreamBytes.Received == count || _info.UpstreamBytes.Received > _info.Downstream.Sent);
        }

        _server.Finish();
        await Eventually.TrueAsync(() => Libc.Unsent((int)_server.Handle) == 0);
        await _client.SendAsync("a body that nobody reads");
        await Eventually.TrueAsync(() => _server.Available > 0);
        // With unread bytes this is a reset.
        _server.Close();
        await Eventually.TrueAsync(() => _info.Failure is { Reason: RelayEndReason.UpstreamReset });

        // What the relay no longer reads must not make the close of this side one.
        await _client.SendAsync("more of it");
        var closing = CloseBehindAsync(running);
        Assert.Equal(count, await Pattern.ReadToEndAsync(_client));
        await closing;
        Assert.Equal(count, _info.Downstream.Sent);
    }

    [Theory]
    [InlineData(true, RelayEndReason.ClientReset)]
    [InlineData(false, RelayEndReason.UpstreamReset)]
    public async Task Run_WhenOneSideIsResetBehindItsEnd_EndsForIt(bool client, RelayEndReason reason)
    {
        var (that, other) = client ? (_client, _server) : (_server, _client);
        var running = RunAsync();
        that.Finish();
        Assert.Empty(await other.ReadToEndAsync());

        that.Close(0);

        await running;
        Assert.Equal(reason, _info.Ending.Reason);
    }

    [Fact]
    public async Task Abort_FromAnotherThreadInFullFlow_ResetsBoth()
    {
        var running = RunAsync();
        var sending = Assert.ThrowsAsync<SocketException>(() => Pattern.SendAsync(_client, long.MaxValue / 2));
        await _server.ReadAsync(1_000_000);

        _info.Abort(RelayEndReason.AdminClosed, "closed by the test");

        await running;
        await sending;
        Assert.Equal(new Ending(RelayEndReason.AdminClosed, "closed by the test"), _info.Ending);
        await _server.IsResetAsync();
    }

    private Task RunAsync(CodecPair? codecs = null) => _running.RunAsync(() =>
        new RelayConnection(_downstream, _upstream, _info, Stage.Timeouts, new TcpOptions(), _running.Loop.Timers)
            .RunAsync(codecs ?? new CodecPair(new InPlaceCodec(IdentityTransform.Instance), new InPlaceCodec(IdentityTransform.Instance))));

    // As the stages around the relay do.
    private async Task CloseBehindAsync(Task relay)
    {
        await relay;
        await _running.RunAsync(async () => await _downstream.DisposeAsync());
    }

    // Sends until the server, which reads nothing, holds the client back.
    private async Task FillAsync()
    {
        for (var (position, still) = (0L, 0); still < 5;)
        {
            var sent = Pattern.TrySend(_client, position);
            position += sent;
            still = sent == 0 && _info.Downstream.Received > _info.UpstreamBytes.Sent ? still + 1 : 0;
            if (sent == 0)
                await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    // The same, by the sidecar's own sends.
    private async Task FillAsync(EpollSocket socket)
    {
        for (var still = 0; still < 5; await Task.Delay(5, TestContext.Current.CancellationToken))
        {
            var status = await _running.RunAsync(() => Task.FromResult(socket.Send(_running.Loop.Scratch, out _)));
            still = status == SocketStatus.WouldBlock ? still + 1 : 0;
        }
    }

    private async Task StandsStillAsync()
    {
        for (var (last, still) = (-1L, 0); still < 5;)
        {
            var received = _info.Downstream.Received;
            still = received == last && received > _info.UpstreamBytes.Sent ? still + 1 : 0;
            last = received;
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private async Task SendInvertedAsync(int count)
    {
        for (var position = 0; position < count;)
        {
            var chunk = Pattern.At(position, Math.Min(100_000, count - position)).ToArray();
            CompiledTransform.Compile(TransformExpression.Not).Start().Apply(chunk);
            await _client.SendAllAsync(chunk);
            position += chunk.Length;
        }

        _client.Finish();
    }
}
