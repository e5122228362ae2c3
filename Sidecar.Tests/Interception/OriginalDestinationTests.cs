using System.Net;
using Testing.Peers;
using Xunit;
using static Sidecar.Tests.Interception.InterceptedNetwork;

namespace Sidecar.Tests.Interception;

/// <summary>SO_ORIGINAL_DST behind real iptables rules, each test in network namespaces of its own.</summary>
public sealed class OriginalDestinationTests
{
    private static readonly string Clips = Demo.Programs.BuiltPrograms.Locate().Clips;

    [Theory]
    [InlineData("0.0.0.0", BackAddress, BackAddress + ":9000")]
    [InlineData("[::]", BackAddress, BackAddress + ":9000")]
    [InlineData("[::]", "[" + BackAddressV6 + "]", "[" + BackAddressV6 + "]:9000")]
    public async Task Alone_FindsWhereARedirectedConnectionWentTo(string listen, string host, string destination)
    {
        await using var network = await CreateAsync(backIntercepts: false);
        await network.StartVideoAsync(network.Back, "storage", "9000", Clips);
        var sidecar = await network.StartSidecarAsync(network.Front, $"45000 nil nil {listen} alone");

        var answer = await CurlAsync(network.Front, $"http://{host}:9000/catalog.json");

        Assert.Contains("\"clock\"", answer, StringComparison.Ordinal);
        var record = await RecordAsync(sidecar);
        Assert.Equal("completed", record.Reason);
        Assert.Equal(destination, record.Text("destination"));
        Assert.Equal(destination, record.Text("upstream"));
    }

    [Theory]
    [InlineData(BackAddress, BackAddress)]
    [InlineData("[" + BackAddressV6 + "]", BackAddress)]
    [InlineData(BackAddress, "[" + BackAddressV6 + "]")]
    public async Task P1_TellsP2WhereARedirectedConnectionWentTo(string host, string peer)
    {
        await using var network = await CreateAsync(backIntercepts: false);
        await network.StartVideoAsync(network.Back, "storage", "9000", Clips);
        var p2 = await network.StartSidecarAsync(network.Back, "--listen 45001 --role p2 --transform not");
        var p1 = await network.StartSidecarAsync(network.Front, $"--listen 45000 --role p1 --mode transparent --target {peer}:45001 --transform not");

        var answer = await CurlAsync(network.Front, $"http://{host}:9000/catalog.json");

        Assert.Contains("\"clock\"", answer, StringComparison.Ordinal);
        var (first, second) = (await RecordAsync(p1), await RecordAsync(p2));
        Assert.Equal(["completed", "completed"], [first.Reason, second.Reason]);
        Assert.Equal(first.Id, second.Id);
        Assert.Equal($"{host}:9000", first.Text("destination"));
        Assert.Equal($"{peer}:45001", first.Text("upstream"));
        Assert.Equal($"{host}:9000", second.Text("upstream"));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    [InlineData(FrontAddress)]
    public async Task Connection_ThatWasNotRedirected_IsNeverGuessed(string host)
    {
        await using var network = await CreateAsync(backIntercepts: false);
        var sidecar = await network.StartSidecarAsync(network.Front, "45000 nil nil");

        await Assert.ThrowsAsync<InvalidOperationException>(() => CurlAsync(network.Front, $"http://{host}:45000/"));

        // The kernel tracks connections where there are rules, and then tells the listener itself.
        var record = await RecordAsync(sidecar);
        Assert.Equal("self_call", record.Reason);
        Assert.Null(record.Text("upstream"));
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Client_OfARedirectedConnectionToAPortWhereNobodyListens_IsReset(string transport)
    {
        await using var network = await CreateAsync(backIntercepts: false);
        var sidecar = await network.StartSidecarAsync(network.Front, $"--listen 0.0.0.0:45000 --mode transparent --transport {transport}");

        await SocketTalk.IsRefusedAsync(() => network.Front.ConnectAsync(IPAddress.Parse(BackAddress), 9000, AppUser));

        Assert.Equal("connect_failed", (await RecordAsync(sidecar)).Reason);
    }
}
