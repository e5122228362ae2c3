using System.Net;
using System.Text;
using Demo.Verification;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Transfers;

/// <summary>Every byte arrives, in order and unchanged, and each direction ends on its own.</summary>
public sealed class TransferTests
{
    private const long Large = 64 * 1024 * 1024;

    [Theory]
    [InlineData("alone")]
    [InlineData("random")]
    public async Task LargeTransfers_BothWaysAtOnce_ArriveUnchanged(string way) => await TransferAsync(way, Large);

    [Theory]
    [InlineData("idt")]
    [InlineData("not")]
    [InlineData("xor 42")]
    [InlineData("xor 0")]
    public async Task Transfers_OfEachTransform_ArriveUnchanged(string way) => await TransferAsync(way, 3 * 1024 * 1024 + 17);

    [Theory]
    [InlineData("alone")]
    [InlineData("random")]
    public async Task HalfClose_OfTheClient_ReachesTheServerAndTheWholeAnswerComesBack(string way)
    {
        using var service = new LoopbackListener();
        await using var sidecars = await SidecarWay.OpenAsync(way, service.Port);
        using var client = await SocketTalk.ConnectAsync(sidecars.Port);
        using var served = await ServedAsync(service, client);

        client.Finish();
        Assert.Equal("hi"u8.ToArray(), await served.ReadToEndAsync());
        var sending = RandomTransfer.SendAsync(served, 5_000_000, seed: 3);
        var (count, hash) = await RandomTransfer.ReceiveAsync(client);

        Assert.Equal((5_000_000, await sending), (count, hash));
        foreach (var sidecar in sidecars.Sidecars)
            await sidecar.EndsForAsync("completed");
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("random")]
    public async Task HalfClose_OfTheServer_ReachesTheClientWhoseBytesGoOn(string way)
    {
        using var service = new LoopbackListener();
        await using var sidecars = await SidecarWay.OpenAsync(way, service.Port);
        using var client = await SocketTalk.ConnectAsync(sidecars.Port);
        using var served = await ServedAsync(service, client);
        Assert.Equal("hi", await served.ReadTextAsync(2));

        await served.SendAsync("bye");
        served.Finish();
        Assert.Equal("bye"u8.ToArray(), await client.ReadToEndAsync());
        var sending = RandomTransfer.SendAsync(client, 5_000_000, seed: 4);
        var (count, hash) = await RandomTransfer.ReceiveAsync(served);

        Assert.Equal((5_000_000, await sending), (count, hash));
        foreach (var sidecar in sidecars.Sidecars)
            await sidecar.EndsForAsync("completed");
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("random")]
    public async Task Server_ThatSpeaksFirst_IsHeard(string way)
    {
        using var service = new LoopbackListener();
        await using var sidecars = await SidecarWay.OpenAsync(way, service.Port);
        using var client = await SocketTalk.ConnectAsync(sidecars.Port);
        using var served = await service.AcceptAsync();

        await served.SendAsync("220 ready\r\n");

        Assert.Equal("220 ready\r\n", await client.ReadTextAsync(11));
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("random")]
    public async Task Connection_ThatBothEndWithoutAByte_Completes(string way)
    {
        using var service = new LoopbackListener();
        await using var sidecars = await SidecarWay.OpenAsync(way, service.Port);
        using var client = await SocketTalk.ConnectAsync(sidecars.Port);
        using var served = await service.AcceptAsync();

        client.Finish();
        Assert.Empty(await served.ReadToEndAsync());
        served.Finish();

        Assert.Empty(await client.ReadToEndAsync());
        foreach (var sidecar in sidecars.Sidecars)
            await sidecar.EndsForAsync("completed");
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("random")]
    public async Task TwoHundredConnections_AtOnce_EachGetTheirOwnAnswer(string way)
    {
        await using var echo = new EchoServer();
        await using var sidecars = await SidecarWay.OpenAsync(way, echo.Port);
        var clients = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => SocketTalk.ConnectAsync(sidecars.Port)));

        await Task.WhenAll(clients.Select(async (client, number) =>
        {
            var text = $"connection {number} {new string((char)('a' + number % 26), 1000 + number)}";
            await client.SendAsync(text);
            Assert.Equal(text, await client.ReadTextAsync(text.Length));
        }));
        foreach (var sidecar in sidecars.Sidecars)
            Assert.Equal(200, (await sidecar.ScrapeAsync()).Sum("sidecar_connections_active"));
        await Task.WhenAll(clients.Select(async client =>
        {
            client.Finish();
            Assert.Empty(await client.ReadToEndAsync());
            client.Dispose();
        }));

        foreach (var sidecar in sidecars.Sidecars)
        {
            await Eventually.TrueAsync(() => sidecar.Records.Count == 200);
            Assert.All(sidecar.Records, record => Assert.Equal("completed", record.Reason));
            Assert.Equal(200, sidecar.Records.Select(r => r.Id).Distinct().Count());
            await sidecar.NoSocketIsOpenAsync();
        }
    }

    [Theory]
    [InlineData("not")]
    [InlineData("xor 42")]
    public async Task WireBetweenThePair_CarriesTheTransformedBytesAlone(string way)
    {
        var secret = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("a plain secret ", 1000)));
        using var service = new LoopbackListener();
        TcpTap? tap = null;
        await using var sidecars = await SidecarWay.OpenAsync(way, service.Port, p2 =>
        {
            tap = new TcpTap(new IPEndPoint(IPAddress.Loopback, p2), 1 << 20);
            return tap.Address.Port;
        });
        await using var _ = tap!;
        using var client = await SocketTalk.ConnectAsync(sidecars.Port);
        using var served = await service.AcceptAsync();

        await client.SendAllAsync(secret);
        Assert.Equal(secret, await served.ReadAsync(secret.Length));
        await served.SendAllAsync(secret);
        Assert.Equal(secret, await client.ReadAsync(secret.Length));

        var key = way == "not" ? 255 : 42;
        var changed = Array.ConvertAll(secret, b => (byte)(b ^ key));
        var tapped = Assert.Single(tap!.Connections);
        AssertTail(changed, tapped.ToTarget.Sample());
        AssertTail(changed, tapped.FromTarget.Sample());
    }

    // Before it stands the handshake: one line.
    private static void AssertTail(byte[] expected, byte[] wire)
    {
        Assert.Equal(expected, wire[^expected.Length..]);
        Assert.Equal(wire.Length - expected.Length - 1, Array.IndexOf(wire, (byte)'\n'));
    }

    private static async Task TransferAsync(string way, long count)
    {
        using var service = new LoopbackListener();
        await using var sidecars = await SidecarWay.OpenAsync(way, service.Port);
        using var client = await SocketTalk.ConnectAsync(sidecars.Port);
        using var served = await service.AcceptAsync();

        var (toServer, toClient) = (RandomTransfer.SendAsync(client, count, seed: 1), RandomTransfer.SendAsync(served, count + 1, seed: 2));
        var received = await Task.WhenAll(RandomTransfer.ReceiveAsync(served), RandomTransfer.ReceiveAsync(client));

        Assert.Equal((count, await toServer), received[0]);
        Assert.Equal((count + 1, await toClient), received[1]);
        foreach (var sidecar in sidecars.Sidecars)
        {
            var record = await sidecar.EndsForAsync("completed");
            Assert.Equal(count, record.Number("downstream_received"));
            Assert.Equal(count, record.Number("upstream_sent"));
            Assert.Equal(count + 1, record.Number("upstream_received"));
            Assert.Equal(count + 1, record.Number("downstream_sent"));
            var metrics = await sidecar.ScrapeAsync();
            Assert.Equal(count, metrics.Sum("sidecar_bytes_total", "direction=\"received\"", "peer=\"downstream\""));
            Assert.Equal(count + 1, metrics.Sum("sidecar_bytes_total", "direction=\"sent\"", "peer=\"downstream\""));
        }
    }

    private static async Task<System.Net.Sockets.Socket> ServedAsync(LoopbackListener service, System.Net.Sockets.Socket client)
    {
        await client.SendAsync("hi");
        return await service.AcceptAsync();
    }
}
