using System.Net;
using Sidecar.Capture;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>Packets of virtual networks, at the interface below them.</summary>
[SystemTest]
[Collection(OneByOne.Name)]
public sealed class VlanTests
{
    private const int Port = 28_080;

    // The kernel removes the outer of two tags; the inner one stays in the packet.
    [Theory]
    [InlineData("10.9.8.2", 1)]
    [InlineData("fd08::2", 1)]
    [InlineData("10.9.8.2", 2)]
    [InlineData("fd08::2", 2)]
    public async Task Packets_WithTags_AreSeen(string server, int tags)
    {
        RootTools.Require();
        await using var one = await NetworkNamespace.CreateAsync();
        await using var other = await NetworkNamespace.CreateAsync();
        await Wires.JoinAsync(one, other);
        foreach (var (space, host) in new[] { (one, 1), (other, 2) })
        {
            var below = tags == 1 ? "wire" : "outer";
            if (tags == 2)
                await space.RunAsync("ip link add link wire name outer type vlan proto 802.1ad id 5 && ip link set outer up");
            await space.RunAsync($"ip link add link {below} name inner type vlan id 6 && ip addr add 10.9.8.{host}/24 dev inner && ip addr add fd08::{host}/64 dev inner nodad && ip link set inner up");
        }

        var collector = new Collector();
        using var capture = RunningCapture.Start(CaptureKind.Packet, collector, new() { ServerPorts = [Port] }, new() { Interface = "wire" }, one);
        using var connection = await Exchange.ConnectAsync(one, other, IPAddress.Parse(server), Port);
        await connection.TalkAsync();
        await Quiet.AfterAsync(collector);

        Assert.Equal(Exchange.Request, collector.Bytes(connection.ClientEnd, connection.ServerEnd).ToArray());
        Assert.Equal(Exchange.Answer, collector.Bytes(connection.ServerEnd, connection.ClientEnd).ToArray());
        Assert.Equal(4, collector.Seen.Count);
    }
}
