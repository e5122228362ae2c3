using Xunit;
using static Sidecar.Tests.Interception.InterceptedNetwork;

namespace Sidecar.Tests.Interception;

/// <summary>Sidecars between machines, not between programs of one.</summary>
public sealed class MachineTests
{
    private static readonly string Clips = Demo.Programs.BuiltPrograms.Locate().Clips;

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
