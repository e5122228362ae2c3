using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sidecar.Capture;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Testing;
using Xunit;
using static Sidecar.Tests.Packets.Frames;

namespace Sidecar.Tests.Capture;

/// <summary>Packets of virtual networks, at the interface below them.</summary>
[SystemTest]
[Collection(OneByOne.Name)]
public sealed class VlanTests
{
    private const int Port = 28_080;
    private const int AddressesOfEthernet = 12;

    public static TheoryData<string, int, bool> Cases => new MatrixTheoryData<string, int, bool>(["10.9.8.2", "fd08::2"], [0, 1, 2], [false, true]);

    // On the way in the kernel removes the outer of two tags; the inner one stays in the packet.
    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Packets_WithTags_AreFiltered(string host, int tags, bool isEgress)
    {
        RootTools.Require();
        await using var one = await NetworkNamespace.CreateAsync();
        await using var other = await NetworkNamespace.CreateAsync();
        await Wires.JoinAsync(one, other);
        var collector = new Collector();
        using var capture = RunningCapture.Start(CaptureKind.Packet, collector, new() { ServerPorts = [Port, 1] }, new() { Interface = "wire" }, isEgress ? one : other);
        using var link = NamespaceThread.Run(one.Name, user: 0, group: 0, () => new Socket(AddressFamily.Packet, SocketType.Raw, ProtocolType.Unspecified));
        var wire = NamespaceThread.Run(one.Name, user: 0, group: 0, () => new WireEndPoint(Libc.InterfaceIndex("wire")));

        var (client, server) = (new IPEndPoint(IPAddress.Parse(host), 40_000), new IPEndPoint(IPAddress.Parse(host), Port));
        byte[][] frames =
        [
            Frame(client, server, 1, Ack, "wanted"u8.ToArray()), Frame(server, client, 2, Ack, "wanted too"u8.ToArray()),
            Frame(client, server, 3, Ack, []), Frame(client, new IPEndPoint(client.Address, Port + 1), 4, Ack, "of another port"u8.ToArray()),
            Frame(client, server, 5, Ack | Seen.Fin, []),
        ];
        foreach (var frame in frames)
            link.SendTo(Tagged(frame, tags), wire);
        await Quiet.AfterAsync(collector);

        Assert.Equal([(1u, 6), (2u, 10), (5u, 0)], collector.Seen.Select(packet => (packet.Sequence, packet.Payload)));
        Assert.All(collector.Seen, packet => Assert.Equal(isEgress, packet.IsEgress));
    }

    private static byte[] Tagged(byte[] frame, int tags) =>
    [
        .. frame[..AddressesOfEthernet],
        .. new byte[] { 0x88, 0xA8, 0, 5, 0x81, 0, 0, 6 }[^(4 * tags)..],
        .. frame[AddressesOfEthernet..],
    ];

    // struct sockaddr_ll: family, protocol, interface; the rest is in the frame.
    private sealed class WireEndPoint(int index) : EndPoint
    {
        public override AddressFamily AddressFamily => AddressFamily.Packet;

        public override SocketAddress Serialize()
        {
            var address = new SocketAddress(AddressFamily.Packet, 20);
            BinaryPrimitives.WriteInt32LittleEndian(address.Buffer.Span[4..], index);
            return address;
        }
    }
}
