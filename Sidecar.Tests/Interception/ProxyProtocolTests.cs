using System.Net;
using Testing.Peers;
using Xunit;
using static Sidecar.Tests.Interception.InterceptedNetwork;

namespace Sidecar.Tests.Interception;

/// <summary>A pair on two machines, a redirected client: only the PROXY header tells the service the client and its destination.</summary>
public sealed class ProxyProtocolTests
{
    private const string FrontAddressV6 = "fd00:188::56";

    [Theory]
    [InlineData(FrontAddress, BackAddress, "TCP4", "v1")]
    [InlineData(FrontAddressV6, BackAddressV6, "TCP6", "v2")]
    public async Task Service_IsToldTheClientAndWhereItWentBeforeTheRedirection(string from, string to, string family, string toP2)
    {
        await using var network = await CreateAsync(backIntercepts: false);
        await using var server = PodServer.Greeting(network.Back.Listen(9000));
        var p2 = await network.StartSidecarAsync(
            network.Back, $"--listen 45001 --role p2 --transform not --accept-proxy on --proxy-clients {FrontAddress} --send-proxy v1");
        await network.StartSidecarAsync(
            network.Front, $"--listen 45000 --role p1 --mode transparent --target {BackAddress}:45001 --transform not --send-proxy {toP2}");

        using var client = await network.Front.ConnectAsync(IPAddress.Parse(to), 9000, AppUser);
        var port = ((IPEndPoint)client.LocalEndPoint!).Port;

        // The connection itself comes from p2: another address of the server's machine.
        Assert.DoesNotContain(from, await client.ReadLineAsync(), StringComparison.Ordinal);
        // The server sends back all that it gets: the header first.
        Assert.Equal($"PROXY {family} {from} {to} {port} 9000\r", await client.ReadLineAsync());
        client.Finish();
        Assert.Empty(await client.ReadToEndAsync());
        var record = await RecordAsync(p2);
        Assert.Equal(client.LocalEndPoint!.ToString(), record.Text("client"));
        Assert.Equal(FrontAddress, IPEndPoint.Parse(record.Text("proxy")!).Address.ToString());
    }

    [Fact]
    public async Task P2_ByDefault_DoesNotBelieveAnotherMachine()
    {
        await using var network = await CreateAsync(backIntercepts: false);
        var p2 = await network.StartSidecarAsync(network.Back, "--listen 45001 --role p2 --transform not --accept-proxy on");

        using var client = await network.Front.ConnectAsync(IPAddress.Parse(BackAddress), 45001, AppUser);

        Assert.Equal("", await client.ReadUntilClosedAsync());
        Assert.Equal("destination_not_allowed", (await RecordAsync(p2)).Reason);
    }
}
