using Sidecar.Tests.EndToEnd.Transfers;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Load;

/// <summary>Many bytes both ways at once, through buffers that run full and empty all the time.</summary>
[Collection(HeavyLoad.Name)]
public sealed class BulkTransferTests
{
    private const long Megabyte = 1_000_000;

    // A transfer that hangs must not hang the run.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("alone", "epoll", 1000)]
    [InlineData("xor 42", "epoll", 64)]
    [InlineData("alone", "sockets", 64)]
    [InlineData("xor 42", "sockets", 64)]
    public async Task Bytes_BothWaysAtOnce_ArriveUnchanged(string way, string transport, int megabytes)
    {
        var (up, down) = (megabytes * Megabyte, (megabytes * Megabyte) + 1);
        using var service = new LoopbackListener();
        await using var sidecars = await SidecarWay.OpenAsync(way, service.Port, transport: transport);
        using var client = await SocketTalk.ConnectAsync(sidecars.Port);
        using var served = await service.AcceptAsync();
        // Some segments of loopback (64 KB), of which the kernel makes megabytes otherwise.
        (client.SendBufferSize, served.ReceiveBufferSize) = (64 * 1024, 128 * 1024);
        (served.SendBufferSize, client.ReceiveBufferSize) = (128 * 1024, 64 * 1024);

        var (toServer, toClient) = (BulkStream.SendAsync(client, up, seed: 1), BulkStream.SendAsync(served, down, seed: 2));
        var (atServer, atClient) = (BulkStream.ReceiveAsync(served, seed: 3), BulkStream.ReceiveAsync(client, seed: 4));
        await Task.WhenAll(toServer, toClient, atServer, atClient).WaitAsync(Limit, TestContext.Current.CancellationToken);

        Assert.Equal((up, await toServer), await atServer);
        Assert.Equal((down, await toClient), await atClient);
        foreach (var sidecar in sidecars.Sidecars)
        {
            var record = await sidecar.EndsForAsync("completed");
            Assert.Equal((up, up), (record.Number("downstream_received"), record.Number("upstream_sent")));
            Assert.Equal((down, down), (record.Number("upstream_received"), record.Number("downstream_sent")));
        }
    }
}
