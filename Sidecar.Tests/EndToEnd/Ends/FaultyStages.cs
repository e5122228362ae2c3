using System.Net;
using ByteFilters;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Relay;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Sidecar.Transform;
using Sidecar.Transport.Epoll;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Ends;

/// <summary>Connections that a bug of the sidecar itself ends. No such bug is known, so a faulty part stands in for one.</summary>
internal static class FaultyStages
{
    /// <summary>The relay between two real connections, with a codec that fails.</summary>
    public static async Task ATransformThrowsAsync(string word)
    {
        using var service = new LoopbackListener();
        await using var listener = StageListener.Start(async connection =>
        {
            var target = new IPEndPoint(IPAddress.Loopback, service.Port);
            var dialed = await new EpollDialer(new TcpOptions()).DialAsync(connection, target, source: null, SocketTalk.Limit);
            await using var upstream = dialed.Connection!;
            var clock = ((EpollConnection)connection).Socket.Loop.Timers;
            var relay = new RelayConnection(connection, upstream, connection.Report(), new TimeoutOptions(), new TcpOptions(), clock);
            await relay.RunAsync(new Codec(new FaultyTransform(), IdentityTransform.Instance));
        });
        using var client = await SocketTalk.ConnectAsync(listener.Port);
        using var served = await service.AcceptAsync();

        await client.SendAsync("x");

        await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync());
        Assert.Equal("out of order", (await listener.EndsForAsync(word)).Text("detail"));
        Assert.Empty(listener.Errors);
    }

    public static async Task AStageThrowsAsync(string word)
    {
        await using var listener = StageListener.Start(_ => throw new InvalidOperationException("out of order"));

        await SocketTalk.IsRefusedAsync(listener.Port);

        Assert.Equal("out of order", (await listener.EndsForAsync(word)).Text("detail"));
        Assert.Contains("out of order", Assert.Single(listener.Errors), StringComparison.Ordinal);
    }

    private sealed class FaultyTransform : ByteTransform
    {
        public override void Apply(Span<byte> bytes) => throw new InvalidOperationException("out of order");
    }
}
