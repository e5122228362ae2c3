using Demo.Transparent.Capture;
using Xunit;

namespace Sidecar.Tests.Demo.Transparent;

public sealed class ByteOrderingTests
{
    private readonly List<byte> _taken = [];

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
            _taken.Clear();
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            var cuts = Cut(bytes.Length, random).ToList();
            var ordering = new ByteOrdering(first, _taken.AddRange);
            // Every part once, some twice, and some that overlap others.
            var parts = cuts.Concat(cuts.Where(_ => random.Next(3) == 0)).Concat(Cut(bytes.Length, random).Where(_ => random.Next(2) == 0)).ToArray();
            random.Shuffle(parts);
            foreach (var (start, length) in parts)
                ordering.Add(first + (uint)start, bytes.AsMemory(start, length));

            Assert.Equal(bytes, _taken);
            Assert.False(ordering.HasGap);
        }
    }

    [Fact]
    public void Gap_IsSeenAndKeepsBackWhatFollows()
    {
        var ordering = new ByteOrdering(10, _taken.AddRange);

        ordering.Add(10, new byte[] { 1 });
        ordering.Add(12, new byte[] { 3 });

        Assert.True(ordering.HasGap);
        Assert.Equal([1], _taken);
    }

    [Fact]
    public void Probe_BeforeTheNextByte_IsNoGap()
    {
        // A keep-alive has the number before the next one, with or without a byte (RFC 9293, 3.8.4).
        var ordering = new ByteOrdering(10, _taken.AddRange);

        ordering.Add(10, new byte[] { 1, 2 });
        ordering.Add(11, new byte[] { 9 });
        ordering.Add(9, default);

        Assert.False(ordering.HasGap);
        Assert.Equal([1, 2], _taken);
    }

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
