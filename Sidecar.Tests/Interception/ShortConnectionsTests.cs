using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>Many short connections to a pod's own service: a used port of p2 rests for a minute (TIME_WAIT), and p2 must have others.</summary>
public sealed class ShortConnectionsTests
{
    private const int Ports = 200;
    private const int Connections = 20_000;

    [Fact]
    public async Task OverIPv6_AHundredTimesAsManyAsPorts_AllPassWithinTheMinute()
    {
        RootTools.Require();
        await using var pod = await NetworkNamespace.CreateAsync();
        await using var far = await NetworkNamespace.CreateAsync();
        await NetworkNamespace.JoinAsync(pod, far);
        await pod.RunAsync($"ip address add fd00:77::1/64 dev wire nodad; ip link set wire up; echo 30000 {30000 + Ports - 1} >/proc/sys/net/ipv4/ip_local_port_range");
        await far.RunAsync("ip address add fd00:77::2/64 dev wire nodad; ip link set wire up; echo 1024 65535 >/proc/sys/net/ipv4/ip_local_port_range");
        Assert.Equal(new ScriptResult(0, "", ""), await SidecarIptables.RunAsync(["ip", "netns", "exec", pod.Name], ["apply", "--inbound-port", "45001"]));
        await using var sidecar = pod.Start(Pod.SidecarUser, "Sidecar", ["--listen", "[::]:45001", "--mode", "transparent", "--connection-records", "off"]);
        await sidecar.ErrorLineAsync("Serving admin");
        var sources = new ConcurrentDictionary<IPAddress, bool>();
        await using var service = new PodServer(pod.Listen(9000), async (socket, stop) =>
        {
            sources[((IPEndPoint)socket.RemoteEndPoint!).Address] = true;
            var block = new byte[16];
            int read;
            while ((read = await socket.ReceiveAsync(block, stop)) > 0)
                await socket.SendAsync(block.AsMemory(0, read), stop);
        });
        var started = 0;

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref started) <= Connections)
                await TalkAsync(far);
        })));

        Assert.All(sources.Keys, source => Assert.True(IPNetwork.Parse("::6:0:0/120").Contains(source), $"{source} has connected"));
        // The ports do rest: nothing but the number of sources has let the others pass.
        Assert.True(await RestingAsync(pod) > Ports * 10);
    }

    // The client ends first, so that p2 ends first towards the service, and its port is the one that rests.
    private static async Task TalkAsync(NetworkNamespace far)
    {
        using var client = await far.ConnectAsync(IPAddress.Parse("fd00:77::1"), 9000, Pod.AppUser);
        await client.SendAsync("q");
        Assert.Equal("q", await client.ReadTextAsync(1));
    }

    private static async Task<int> RestingAsync(NetworkNamespace space)
    {
        var words = (await space.RunAsync("grep ^TCP: /proc/net/sockstat")).Split(' ');
        return int.Parse(words[Array.IndexOf(words, "tw") + 1], CultureInfo.InvariantCulture);
    }
}
