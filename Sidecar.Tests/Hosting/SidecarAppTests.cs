using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Hosting;

public sealed class SidecarAppTests
{
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Run_ToldToEndBeforeItHasStarted_EndsInOrder(string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = RunningSidecar.Create("0", "127.0.0.1", $"{upstream.Port}", "127.0.0.1", "alone", "--transport", transport);

        // As by a signal that comes right after its handler was registered.
        sidecar.Drain.Begin();

        await sidecar.RunAsync().WaitAsync(SocketTalk.Limit, TestContext.Current.CancellationToken);
        Assert.Empty(sidecar.Records);
    }
}
