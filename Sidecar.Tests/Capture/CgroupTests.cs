using System.Globalization;
using System.Net;
using Sidecar.Capture;
using Sidecar.Options;
using Sidecar.Owners;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>eBPF knows the cgroups of sockets.</summary>
[SystemTest]
[Collection(OneByOne.Name)]
public sealed class CgroupTests
{
    private const int Port = 28_080;

    [Theory]
    [InlineData("")]
    [InlineData("filter by it")]
    [InlineData("filter by the one above")]
    public async Task Packets_HaveTheirSocketsCgroup_AndPassByIt(string by)
    {
        RootTools.Require();
        await using var parent = TestGroup.Create("parent");
        await using var child = parent.Below("child");
        await using var space = await NetworkNamespace.CreateAsync();
        var collector = new Collector(space);
        var filter = new CaptureFilter
        {
            ServerPorts = [Port],
            Cgroups = by switch { "filter by it" => [child.Id], "filter by the one above" => [parent.Id], _ => [] },
        };
        using var capture = RunningCapture.Start(CaptureKind.Ebpf, collector, filter);
        using var listener = space.Listen(Port);

        var curl = Run.ToEndAsync("sh", "-c", child.Enter($"ip netns exec {space.Name} curl -sS http://127.0.0.1:{Port}/x"));
        using (var server = await listener.AcceptAsync(TestContext.Current.CancellationToken))
        {
            await server.ReadAsync(1);
            await server.SendAllAsync(Exchange.Answer);
        }

        (await curl).Well("curl");
        using var own = await space.ConnectAsync(IPAddress.Loopback, Port, user: 0);
        await own.SendAllAsync(Exchange.Request);
        await Quiet.AfterAsync(collector);

        var ownPort = ((IPEndPoint)own.LocalEndPoint!).Port;
        var ofCurl = collector.Seen.Where(packet => packet.Payload > 0 && packet.From.Port != ownPort && packet.To.Port != ownPort).ToList();
        Assert.Equal(2, ofCurl.Count);
        Assert.Equal(await IdAsync(child.Folder), ofCurl[0].Cgroup);
        // The answer is seen on its way out of the server's socket, or into the client's if only that is watched.
        Assert.Equal(by.Length == 0 ? await OwnIdAsync() : await IdAsync(child.Folder), ofCurl[1].Cgroup);
        Assert.Equal((true, by.Length == 0), (ofCurl[0].IsEgress, ofCurl[1].IsEgress));
        Assert.Equal(by.Length == 0, collector.Of(ownPort).Any());
    }

    private static Task<ulong> OwnIdAsync() => IdAsync(CgroupMount.Find(File.ReadLines("/proc/self/mountinfo")) + File.ReadLines("/proc/self/cgroup").First(line => line.StartsWith("0::", StringComparison.Ordinal))[3..]);

    private static async Task<ulong> IdAsync(string folder) => ulong.Parse(await Run.WellAsync("stat", "--format=%i", folder), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
}
