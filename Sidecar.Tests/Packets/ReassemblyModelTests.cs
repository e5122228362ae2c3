using global::Packets;
using Xunit;
using static Sidecar.Tests.Packets.Conversation;

namespace Sidecar.Tests.Packets;

/// <summary>Reassembly against a model that is slow and plainly right: a table of positions with the first byte that came for each.</summary>
public sealed class ReassemblyModelTests
{
    private const int Rounds = 1000;

    [Theory]
    [InlineData(100u)]
    [InlineData(0xFFFF_FF80u)] // wraps on the way
    [InlineData(0x7FFF_FF80u)]
    public void Segments_InAnyDisorder_GiveTheFirstByteOfEachPosition(uint opening)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var random = new Random(round);
            var (reader, model) = (new PositionReader(), new SortedDictionary<long, byte>());
            var reassembler = new TcpReassembler(_ => reader);
            Add(reassembler, opening - 1, [], Syn);
            var length = random.Next(1, 300);
            foreach (var (start, count) in Disorder(length, random))
            {
                var bytes = Bytes(count, random);
                for (var at = 0; at < count; at++)
                    model.TryAdd(start + at, bytes[at]);
                Add(reassembler, opening + (uint)start, bytes, start + count == length ? Fin : Ack);
            }

            reassembler.Complete();

            Assert.Equal(model, reader.Bytes);
            Assert.Equal(model.ContainsKey(length - 1), reader.HasEnded);
            Assert.Equal(0, reassembler.Held);
        }
    }

    [Fact]
    public void Segments_WithLossesAndLimits_GiveOnlyFirstBytesInOrder()
    {
        long gaps = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var random = new Random(round);
            var (reader, model, cut) = (new PositionReader(), new Dictionary<long, byte>(), new HashSet<long>());
            var limits = new ReassemblyLimits { WaitingBytes = random.Next(0, 3000), TotalWaitingBytes = random.Next(0, 3000) };
            var reassembler = new TcpReassembler(_ => reader, limits);
            Add(reassembler, 99, [], Syn);
            var (length, time) = (random.Next(1, 3000), 0L);
            foreach (var (start, count) in Disorder(length, random))
            {
                var bytes = Bytes(count, random);
                // Some are cut off by the capture, and some are acknowledged and late.
                var captured = random.Next(8) == 0 ? random.Next(count) : count;
                for (var at = 0; at < captured; at++)
                    model.TryAdd(start + at, bytes[at]);
                cut.UnionWith(Enumerable.Range(start + captured, count - captured).Select(at => (long)at));
                time += random.Next(200_000_000);
                Add(reassembler, 100 + (uint)start, bytes.AsSpan(0, captured), Ack, time, count - captured);
                if (random.Next(4) == 0)
                    reassembler.Add(new TcpSegment { From = Server, To = Client, Sequence = 7, Acknowledgement = 100 + (uint)random.Next(length), Control = Ack, Time = time });
                Assert.InRange(reassembler.Held, 0, Math.Min(limits.WaitingBytes, limits.TotalWaitingBytes));
            }

            reassembler.Complete();

            // Bytes that a cut segment had are lost, or are those of any other copy.
            Assert.DoesNotContain(reader.Bytes, read => model[read.Key] != read.Value && !cut.Contains(read.Key));
            Assert.Equal(0, reassembler.Held);
            gaps += reassembler.Gaps;
        }

        Assert.InRange(gaps, Rounds, long.MaxValue);
    }

    // Parts of the stream: most of them once, some again, some across others, some never, in an order that is nearly or not at all theirs.
    private static List<(int Start, int Count)> Disorder(int length, Random random)
    {
        var parts = new List<(int Start, int Count)>();
        for (var start = 0; start < length;)
        {
            var count = Math.Min(random.Next(1, 40), length - start);
            if (random.Next(20) > 0)
                parts.Add((start, count));
            start += count;
        }

        for (var again = random.Next(10); again > 0; again--)
        {
            var start = random.Next(length);
            parts.Insert(random.Next(parts.Count + 1), (start, random.Next(1, Math.Min(100, length - start) + 1)));
        }

        var swaps = random.Next(3) * parts.Count;
        for (var swap = 0; swap < swaps; swap++)
        {
            var (one, other) = (random.Next(parts.Count), random.Next(parts.Count));
            (parts[one], parts[other]) = (parts[other], parts[one]);
        }

        return parts;
    }

    private static byte[] Bytes(int count, Random random)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static void Add(TcpReassembler reassembler, uint sequence, ReadOnlySpan<byte> bytes, TcpControl control, long time = 0, int cut = 0) => reassembler.Add(
        new TcpSegment { Time = time, From = Client, To = Server, Sequence = sequence, Control = control, Length = bytes.Length + cut, Payload = bytes });

    /// <summary>Remembers the position of each byte; gaps count.</summary>
    private sealed class PositionReader : ITcpReader
    {
        private long _position;

        public SortedDictionary<long, byte> Bytes { get; } = [];

        public bool HasEnded { get; private set; }

        public bool IsDone => false;

        public void Read(TcpDirection direction, ReadOnlySpan<byte> bytes, long time)
        {
            foreach (var value in bytes)
                Bytes.Add(_position++, value);
        }

        public void Gap(TcpDirection direction, long count, long time) => _position += count;

        public void End(TcpDirection direction, long time) => HasEnded = true;

        public void Close(TcpDirection? resetBy, long time) => _position = -1;
    }
}
