using global::Packets;
using Xunit;

namespace Sidecar.Tests.Packets;

public sealed class StreamOrderTests
{
    private readonly StreamReader _reader = new();

    [Theory]
    [InlineData(0u)]
    [InlineData(1000u)]
    [InlineData(0xFFFF_FFF0u)] // wraps within the first segments
    [InlineData(0x7FFF_FFF0u)]
    public void Segments_InAnyOrderAndSentAgain_GiveEachByteOnce(uint first)
    {
        var random = new Random((int)(first & 0xFFFF));
        for (var round = 0; round < 200; round++)
        {
            _reader.Clear();
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            var cuts = Cut(bytes.Length, random).ToList();
            var order = Order(first);
            // Every part once, some twice, and some that overlap others.
            var parts = cuts.Concat(cuts.Where(_ => random.Next(3) == 0)).Concat(Cut(bytes.Length, random).Where(_ => random.Next(2) == 0)).ToArray();
            random.Shuffle(parts);
            foreach (var (start, length) in parts)
                order.Add(first + (uint)start, bytes.AsMemory(start, length), start + length == bytes.Length ? length : null, default);

            Assert.Equal(bytes, _reader.ToServer);
            Assert.Equal("end", _reader.Told);
        }
    }

    [Fact]
    public void Gap_IsToldOnceNothingMoreComes()
    {
        var order = Order(10);

        order.Add(10, new byte[] { 1 }, null, default);
        order.Add(12, new byte[] { 3 }, null, default);

        Assert.Equal("1: ", _reader.Shown);
        order.Complete(default);
        Assert.Equal("1, 3: gap of 1", _reader.Shown);
    }

    [Fact]
    public void Gap_IsToldOnceTooMuchWaits()
    {
        var order = Order(0, maxWaiting: 10);

        for (uint at = 100; at < 110; at++)
            order.Add(at, new byte[] { 1 }, null, default);
        Assert.Equal("", _reader.Told);
        order.Add(111, new byte[] { 2 }, null, default);

        Assert.Equal((10, "gap of 100"), (_reader.ToServer.Count, _reader.Told));
        // What comes late is not put behind what followed it.
        order.Add(50, new byte[] { 9 }, null, default);
        Assert.Equal(10, _reader.ToServer.Count);
    }

    [Fact]
    public void End_WaitsForTheBytesBeforeIt()
    {
        var order = Order(0);

        order.Add(1, new byte[] { 2 }, 1, default);
        Assert.False(order.HasEnded);
        order.Add(0, new byte[] { 1 }, null, default);

        Assert.True(order.HasEnded);
        Assert.Equal("1, 2: end", _reader.Shown);
    }

    [Fact]
    public void End_BehindBytesThatTheCaptureCutOff_IsBehindAGap()
    {
        var order = Order(0);

        order.Add(0, new byte[] { 1, 2 }, 5, default);
        Assert.Equal("", _reader.Told);
        order.Complete(default);

        Assert.Equal("1, 2: gap of 3, end", _reader.Shown);
    }

    [Fact]
    public void Probe_BeforeTheNextByte_IsNoGap()
    {
        // A keep-alive has the number before the next one, with or without a byte (RFC 9293, 3.8.4).
        var order = Order(10);

        order.Add(10, new byte[] { 1, 2 }, null, default);
        order.Add(11, new byte[] { 9 }, null, default);
        order.Add(9, default, null, default);
        order.Complete(default);

        Assert.Equal("1, 2: ", _reader.Shown);
    }

    private StreamOrder Order(uint first, int maxWaiting = 1000) => new(TcpDirection.ToServer, first, _reader, maxWaiting);

    private static IEnumerable<(int Start, int Length)> Cut(int total, Random random)
    {
        for (var start = 0; start < total;)
        {
            var length = random.Next(1, Math.Min(30, total - start) + 1);
            yield return (start, length);
            start += length;
        }
    }
}
