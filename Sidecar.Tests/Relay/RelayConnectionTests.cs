using ByteFilters;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Relay;
using Sidecar.Tests.Support;
using Sidecar.Transform;
using Sidecar.Transform.Kernels;
using Testing;
using Xunit;

namespace Sidecar.Tests.Relay;

public sealed class RelayConnectionTests : IAsyncDisposable
{
    private static readonly ListenerOptions Listener = Stage.Listener(SidecarRole.Outbound);
    private static readonly TransformExpression Xor = TransformExpression.Xor(0x20);

    private readonly ManualTimeProvider _time = new();
    private readonly MemoryConnection _client = new();
    private readonly MemoryConnection _server = new("192.0.2.1:9000");
    private readonly ConnectionInfo _info;
    private readonly RelayConnection _relay;

    public RelayConnectionTests()
    {
        _info = Stage.Open(_client, Listener);
        _relay = new RelayConnection(_client, _server, _info, Stage.Timeouts, new TcpOptions(), _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Run_BothEnd_TransformsCountsAndCompletes()
    {
        var relay = RunAsync(CodecPair.For(Xor, SidecarRole.Outbound, new TransformCache()));
        await _client.SendAsync("ping");
        await _server.SendAsync("ANSWER");
        _client.SendEnd();
        _server.SendEnd();
        Assert.Equal("PING"u8.ToArray(), await _server.ReceiveToEndAsync());
        Assert.Equal("answer"u8.ToArray(), await _client.ReceiveToEndAsync());
        await relay;
        Assert.Equal(RelayEndReason.Completed, _info.Ending.Reason);
        Assert.Equal((4, 6), (_info.Downstream.Received, _info.Downstream.Sent));
        Assert.Equal((6, 4), (_info.UpstreamBytes.Received, _info.UpstreamBytes.Sent));
    }

    [Fact]
    public async Task Client_EndsItsSide_TheAnswerStillComes()
    {
        var relay = RunAsync();
        await _client.SendAsync("question");
        _client.SendEnd();
        Assert.Equal("question"u8.ToArray(), await _server.ReceiveToEndAsync());
        await _server.SendAsync("late answer");
        _server.SendEnd();
        Assert.Equal("late answer"u8.ToArray(), await _client.ReceiveToEndAsync());
        await relay;
        Assert.Equal(RelayEndReason.Completed, _info.Ending.Reason);
    }

    [Fact]
    public async Task Client_Resets_TheServerSeesAResetToo()
    {
        var relay = RunAsync();
        _client.SendReset();
        await relay;
        Assert.Equal(RelayEndReason.ClientReset, _info.Ending.Reason);
        Assert.True(_server.IsAborted);
    }

    [Fact]
    public async Task Server_Resets_TheClientSeesAResetToo()
    {
        var relay = RunAsync();
        _server.SendReset();
        await relay;
        Assert.Equal(RelayEndReason.UpstreamReset, _info.Ending.Reason);
        Assert.True(_client.IsAborted);
    }

    [Fact]
    public async Task Server_TakesNoMore_ItsAnswerIsStillPassedOn()
    {
        var relay = RunAsync();
        _server.StopReceiving();
        await _client.SendAsync("a body that the server does not want");
        await _server.SendAsync("413");
        _server.SendEnd();
        Assert.Equal("413"u8.ToArray(), await _client.ReceiveToEndAsync());
        await relay;
        Assert.Equal(RelayEndReason.UpstreamReset, _info.Ending.Reason);
    }

    [Fact]
    public async Task Silence_ForTheIdleLimit_EndsBothAndBytesDeferIt()
    {
        var relay = RunAsync();
        _time.Advance(Stage.Timeouts.Idle - TimeSpan.FromSeconds(1));
        await _server.SendAsync("x");
        await _client.ReceiveAsync();
        // Noted, and then counted, right behind the step that the client has seen.
        await Eventually.TrueAsync(() => _info.Downstream.Sent == 1);
        _time.Advance(Stage.Timeouts.Idle - TimeSpan.FromSeconds(1));
        Assert.False(relay.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await relay;
        Assert.Equal(RelayEndReason.IdleTimeout, _info.Ending.Reason);
        Assert.True(_client.IsAborted && _server.IsAborted);
    }

    [Fact]
    public async Task Silence_OnceOneSideHasEnded_HasItsOwnLimit()
    {
        var relay = RunAsync();
        _client.SendEnd();
        await _server.ReceiveToEndAsync();
        // The limit is changed on the relay's own turn.
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(Stage.Timeouts.HalfClosed / 4);
            return relay.IsCompleted;
        });
        Assert.Equal(RelayEndReason.HalfClosedTimeout, _info.Ending.Reason);
    }

    [Fact]
    public async Task Transform_Throws_EndsTheConnectionOnly()
    {
        var relay = RunAsync(new CodecPair(new InPlaceCodec(new ThrowingTransform()), new InPlaceCodec(IdentityTransform.Instance)));
        await _client.SendAsync("x");
        await relay;
        Assert.Equal(new Ending(RelayEndReason.TransformError, "no more"), _info.Ending);
        Assert.True(_client.IsAborted && _server.IsAborted);
        Assert.Equal(0, _info.UpstreamBytes.Sent);
    }

    [Fact]
    public async Task KeyStream_ThatIsUsedUp_EndsTheConnectionWithThatReason()
    {
        // Its last four blocks.
        var last = new ChaCha20Transform(new byte[32], new byte[12], ChaCha20Kernel.Best, (1L << 32) - 4);
        var relay = RunAsync(new CodecPair(new InPlaceCodec(last), new InPlaceCodec(IdentityTransform.Instance)));
        await _client.SendAsync(new string('a', 257));
        await relay;
        Assert.Equal(new Ending(RelayEndReason.TransformError, "the key stream is used up"), _info.Ending);
        Assert.True(_client.IsAborted && _server.IsAborted);
    }

    [Fact]
    public async Task Abort_FromOutside_ResetsBothForItsReason()
    {
        Assert.True(_info.Attach(_server));
        var relay = RunAsync();
        _info.Abort(RelayEndReason.AdminClosed, "closed by the test");
        await relay;
        Assert.Equal(new Ending(RelayEndReason.AdminClosed, "closed by the test"), _info.Ending);
        Assert.True(_client.IsAborted && _server.IsAborted);
    }

    [Fact]
    public void Attach_AfterAnAbort_ResetsTheUpstream()
    {
        _info.Abort(RelayEndReason.AdminClosed, "closed by the test");
        Assert.False(_info.Attach(_server));
        Assert.True(_server.IsAborted);
    }

    private Task RunAsync(CodecPair? codecs = null) =>
        RunAndCloseAsync(codecs ?? CodecPair.For(TransformExpression.Identity, SidecarRole.Alone, new TransformCache()))
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

    // As the stages around a relay do: the last end of all is their close.
    private async Task RunAndCloseAsync(CodecPair codecs)
    {
        await _relay.RunAsync(codecs);
        await _server.Transport.Output.CompleteAsync();
        await _client.Transport.Output.CompleteAsync();
    }

    private sealed class ThrowingTransform : ByteTransform
    {
        public override void Apply(Span<byte> bytes) => throw new InvalidOperationException("no more");
    }
}
