using System.Net;
using global::Packets;
using Sidecar.Capture;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>Packets that find no room are counted.</summary>
[SystemTest]
[Collection(OneByOne.Name)]
public sealed class LossTests
{
    private const int Port = 28_080;

    [Theory]
    [InlineData("ebpf")]
    [InlineData("packet")]
    public async Task Flood_OfASmallRing_IsCounted(string kind)
    {
        RootTools.Require();
        await using var space = await NetworkNamespace.CreateAsync();
        var (all, slow) = (new Collector(space), new SlowSink());
        var filter = new CaptureFilter { ServerPorts = [Port] };
        using var large = RunningCapture.Start(Kinds.Of(kind), all, filter, space: space);
        using var small = RunningCapture.Start(Kinds.Of(kind), slow, filter, new() { Buffer = 256 * 1024 }, space);
        using var connection = await Exchange.ConnectAsync(space, space, IPAddress.Loopback, Port);
        for (var i = 0; i < 2_000; i++)
            await connection.TalkAsync();

        await Eventually.TrueAsync(
            () => slow.Delivered + small.Source.Lost == all.Seen.Count && slow.Lost == small.Source.Lost,
            () => $"{slow.Delivered} delivered, {small.Source.Lost} lost, {slow.Lost} said to be lost, of {all.Seen.Count}");
        Assert.True(all.Seen.Count >= 4_000);
        Assert.True(small.Source.Lost > 0);
        Assert.Equal(0, large.Source.Lost);
    }

    private sealed class SlowSink : IPacketSink
    {
        private const int Slow = 100;
        private long _delivered;
        private long _lost;

        public long Delivered => Interlocked.Read(ref _delivered);

        public long Lost => Interlocked.Read(ref _lost);

        public void Packet(LinkType link, ReadOnlySpan<byte> bytes, int wireLength, long time, in PacketSocket socket)
        {
            if (Interlocked.Increment(ref _delivered) < Slow)
                Thread.Sleep(20);
        }

        void IPacketSink.Lost(long count) => Interlocked.Add(ref _lost, count);

        public void Idle(long time)
        {
        }
    }
}
