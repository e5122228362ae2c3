using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Protocols;

/// <summary>A client that pauses in the middle of what could become a greeting: no byte of it is lost, and none comes out of order.</summary>
public sealed class SilentClientTests
{
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Client_ThatPausesLongerThanThePeek_IsRelayedWhole(string transport)
    {
        using var service = new LoopbackListener();
        await using var p2 = await RunningSidecar.StartAsync(
            "--listen", "127.0.0.1:0", "--role", "p2", "--target", $"127.0.0.1:{service.Port}", "--peers", "permissive", "--peek-timeout", "50ms", "--transport", transport);
        using var client = await SocketTalk.ConnectAsync(p2.Port);
        await client.SendAsync("bon");
        // The sidecar connects when it waits for a greeting no longer.
        using var accepted = await service.AcceptAsync();

        await client.SendAsync("fire\n");

        Assert.Equal("bonfire", await accepted.ReadLineAsync());
        client.Finish();
        accepted.Finish();
        Assert.Equal(("completed", "silent"), ((await p2.RecordAsync()).Reason, p2.Records[0].Text("session")));
    }
}
