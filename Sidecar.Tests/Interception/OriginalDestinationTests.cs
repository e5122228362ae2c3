using Xunit;
using static Sidecar.Tests.Interception.InterceptedNetwork;

namespace Sidecar.Tests.Interception;

/// <summary>SO_ORIGINAL_DST behind real iptables rules, each test in network namespaces of its own.</summary>
public sealed class OriginalDestinationTests
{
    private static readonly string Clips = global::Demo.Programs.BuiltPrograms.Locate().Clips;

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
    [InlineData("45000 nil nil 0.0.0.0 client", "45001 nil nil 0.0.0.0 server", BackAddress)]
    [InlineData("45000 nil nil [::] client", "45001 nil nil [::] server", "[" + BackAddressV6 + "]")]
    [InlineData("45000 " + BackAddress + " 9000 0.0.0.0 client", "45001 nil nil 0.0.0.0 server", BackAddress)]
    [InlineData("45000 " + BackAddress + " 9000 0.0.0.0 client", "45001 nil nil [::] server", BackAddress)]
    [InlineData("45000 " + BackAddressV6 + " 9000 [::] client", "45001 nil nil [::] server", "[" + BackAddressV6 + "]")]
    public async Task P2_FindsWhereAConnectionOfP1WentTo(string front, string back, string host)
    {
        await using var network = await CreateAsync(backIntercepts: true);
        await network.StartVideoAsync(network.Back, "storage", "9000", Clips);
        var p2 = await network.StartSidecarAsync(network.Back, back);
        var p1 = await network.StartSidecarAsync(network.Front, front);

        var answer = await CurlAsync(network.Front, $"http://{host}:9000/catalog.json");

        Assert.Contains("\"clock\"", answer, StringComparison.Ordinal);
        var (first, second) = (await RecordAsync(p1), await RecordAsync(p2));
        Assert.Equal(["completed", "completed"], [first.Reason, second.Reason]);
        Assert.Equal($"{host}:9000", first.Text("upstream"));
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

    [Fact]
    public async Task Socks_FromAnotherMachine_IsRefusedUnlessItsClientsAreAllowed()
    {
        await using var network = await CreateAsync(backIntercepts: false);
        await network.StartVideoAsync(network.Front, "storage", "9080", Clips);
        const string socks = "--mode socks4 --connection-records - --metrics-address 0 --health-address 0 --admin-address 0";
        var closed = await network.StartSidecarAsync(network.Front, $"--listen 0.0.0.0:1080 {socks}");
        var open = await network.StartSidecarAsync(network.Front, $"--listen 0.0.0.0:1081 --allow-clients {BackAddress} {socks}");

        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            CurlAsync(network.Back, $"--socks4 {FrontAddress}:1080 http://127.0.0.1:9080/catalog.json"));
        var answer = await CurlAsync(network.Back, $"--socks4 {FrontAddress}:1081 http://127.0.0.1:9080/catalog.json");

        Assert.Contains("\"clock\"", answer, StringComparison.Ordinal);
        var refused = await RecordAsync(closed);
        Assert.Equal("destination_not_allowed", refused.Reason);
        Assert.StartsWith(BackAddress + ":", refused.Text("client"), StringComparison.Ordinal);
        Assert.Equal("completed", (await RecordAsync(open)).Reason);
    }

    [Fact]
    public async Task VirtualMachines_OfTheSeed_WorkByTheirOwnCommandLines()
    {
        await using var network = await CreateAsync(backIntercepts: true);
        // Port 80 belongs to who may open it; the seed has the storage on a machine of its own.
        await network.Back.RunAsync("echo 80 > /proc/sys/net/ipv4/ip_unprivileged_port_start");
        await network.StartVideoAsync(network.Back, "storage", "80", Clips);
        await network.StartVideoAsync(network.Back, "backend", "9000", $"http://{StorageAddress}");
        // The seed's target is the backend's port on its own machine, so rules there must spare the proxy's user.
        var backendProxy = await network.StartSidecarAsync(network.Back, "45001 127.0.0.1 9000");
        var frontendProxy = await network.StartSidecarAsync(network.Front, $"45000 {BackAddress} 9000");
        await network.StartVideoAsync(network.Front, "frontend", "8000", $"http://{BackAddress}:9000");

        var index = await CurlAsync(network.Front, "http://127.0.0.1:8000/");
        var playlist = await CurlAsync(network.Front, "http://127.0.0.1:8000/hls/clock/master.m3u8");
        var videos = await CurlAsync(network.Front, $"http://{BackAddress}:9000/api/videos");

        Assert.Contains("/video/clock", index, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(Clips, "clock", "master.m3u8"), TestContext.Current.CancellationToken), playlist);
        Assert.Contains("\"HLS-URL\"", videos, StringComparison.Ordinal);
        Assert.Equal($"{BackAddress}:9000", (await RecordAsync(frontendProxy)).Text("upstream"));
        Assert.Equal("127.0.0.1:9000", (await RecordAsync(backendProxy)).Text("upstream"));
    }
}
