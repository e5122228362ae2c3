using System.Net;
using ByteFilters;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Relay;
using Sidecar.Tests.Relay;
using Sidecar.Tests.Support;
using Sidecar.Transform;
using Sidecar.Transport.Epoll;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Ends;

/// <summary>Connections that a codec ends, or a bug of the sidecar itself. No such bug is known, so a faulty part stands in for one.</summary>
internal static class CodecStages
{
    private static readonly Codec Identity = new InPlaceCodec(IdentityTransform.Instance);

    /// <summary>A transform fails.</summary>
    public static async Task ATransformThrowsAsync(string word)
    {
        using var service = new LoopbackListener();
        await using var listener = Start(service, new CodecPair(new InPlaceCodec(new FaultyTransform()), Identity));
        using var client = await SocketTalk.ConnectAsync(listener.Port);
        using var served = await service.AcceptAsync();

        await client.SendAsync("x");

        await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync());
        Assert.Equal("out of order", (await listener.EndsForAsync(word)).Text("detail"));
        Assert.Empty(listener.Errors);
    }

    /// <summary>A stream that comes in blocks ends between two, before the block that is its end.</summary>
    public static async Task OneStreamIsCutAsync(string word, bool client)
    {
        using var service = new LoopbackListener();
        await using var listener = Start(service, client ? new CodecPair(new FramingDecoder(), Identity) : new CodecPair(Identity, new FramingDecoder()));
        using var asking = await SocketTalk.ConnectAsync(listener.Port);
        using var served = await service.AcceptAsync();
        var (sender, receiver) = client ? (asking, served) : (served, asking);

        await sender.SendAllAsync([.. FramingEncoder.Mark, 0, 1, (byte)'x']);
        sender.Finish();

        Assert.Equal("x", await receiver.ReadTextAsync(1));
        await Task.WhenAll(receiver.IsResetAsync(), sender.IsResetAsync());
        await listener.EndsForAsync(word);
    }

    public static async Task AStageThrowsAsync(string word)
    {
        await using var listener = StageListener.Start(_ => throw new InvalidOperationException("out of order"));

        await SocketTalk.IsRefusedAsync(listener.Port);

        Assert.Equal("out of order", (await listener.EndsForAsync(word)).Text("detail"));
        Assert.Contains("out of order", Assert.Single(listener.Errors), StringComparison.Ordinal);
    }

    // The relay between two real connections, with codecs of the test's own.
    private static StageListener Start(LoopbackListener service, CodecPair codecs) => StageListener.Start(async connection =>
    {
        var target = new IPEndPoint(IPAddress.Loopback, service.Port);
        var dialed = await new EpollDialer(new TcpOptions()).DialAsync(connection, target, source: null, SocketTalk.Limit);
        await using var upstream = dialed.Connection!;
        var clock = connection.Features.Get<EventLoop>()!.Timers;
        await new RelayConnection(connection, upstream, connection.Info(), new TimeoutOptions(), new TcpOptions(), clock).RunAsync(codecs);
    });

    private sealed class FaultyTransform : ByteTransform
    {
        public override void Apply(Span<byte> bytes) => throw new InvalidOperationException("out of order");
    }
}
