using Sidecar.Connections;
using Testing;
using Xunit;

namespace Sidecar.Tests.Observation.Http2;

public sealed class Http2FuzzTests
{
    private static readonly int Conversations = Rounds.Of(300_000);
    private const int Seed = 9113;

    // Bytes that mean something: types, flags, short lengths, prefixes of HPACK.
    private static readonly byte[] Telling = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0C, 0x20, 0x24, 0x3F, 0x40, 0x7F, 0x80, 0x82, 0x88, 0xBE, 0xFF];

    // Catches: exceptions, endless loops, what depends on how the bytes are cut, an exchange told twice, memory beyond the limits.
    [Fact]
    public void Read_MutatedConversations_IsBoundedAndTheSameHoweverTheyAreCut()
    {
        var random = new Random(Seed);
        var bases = Enumerable.Range(1, 60).Select(seed => new RandomConversation(seed).Conversation.Turns).Where(turns => turns.Sum(turn => turn.Bytes.Length) < 1500).ToArray();
        Dictionary<string, int> outcomes = [];
        for (var round = 0; round < Conversations; round++)
        {
            var turns = Mutate(bases[random.Next(bases.Length)], random);
            try
            {
                var whole = new FuzzedObserver();
                foreach (var (direction, bytes) in turns)
                    whole.Read(direction, bytes, bytes.Length);
                var failure = whole.Close();
                outcomes[failure ?? ""] = outcomes.GetValueOrDefault(failure ?? "") + 1;

                if (round % 8 != 0)
                    continue;
                var cut = new FuzzedObserver();
                var piece = random.Next(1, 40);
                foreach (var (direction, bytes) in turns)
                    cut.Read(direction, bytes, piece);
                Assert.Equal((failure, whole.Digest), (cut.Close(), cut.Digest));
            }
            catch (Exception e)
            {
                var shown = string.Join(' ', turns.Select(turn => $"{turn.Direction} {Convert.ToHexString(turn.Bytes)}"));
                throw new InvalidOperationException($"seed {Seed}, round {round}: {shown}", e);
            }
        }

        // The mutations reach the depths: most ways to fail, and enough conversations that go on.
        Assert.InRange(outcomes.GetValueOrDefault(""), Conversations / 20, Conversations);
        Assert.InRange(outcomes.Count, Conversations < 300_000 ? 10 : 12, 30);
        Assert.InRange(outcomes["a broken header block"], Conversations / 100, Conversations);
    }

    private static List<(Direction Direction, byte[] Bytes)> Mutate(IReadOnlyList<(Direction Direction, byte[] Bytes)> turns, Random random)
    {
        List<(Direction Direction, byte[] Bytes)> mutated = [.. turns];
        for (var count = random.Next(1, 5); count > 0 && mutated.Count > 1; count--)
        {
            // The first turn is the preface, of which any change is the end.
            var turn = random.Next(1, mutated.Count);
            var (direction, bytes) = mutated[turn];
            switch (random.Next(12))
            {
                case 0:
                    mutated.RemoveAt(turn);
                    break;
                case 1:
                    mutated.Insert(turn, mutated[random.Next(1, mutated.Count)]);
                    break;
                case 2:
                    mutated.RemoveRange(turn, mutated.Count - turn);
                    mutated.Add((direction, bytes[..random.Next(bytes.Length + 1)]));
                    break;
                default:
                    mutated[turn] = (direction, Mutate(bytes, random));
                    break;
            }
        }

        return mutated;
    }

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        if (bytes.Length == 0)
            return bytes;
        var at = random.Next(bytes.Length);
        var value = random.Next(2) == 0 ? Telling[random.Next(Telling.Length)] : (byte)random.Next(256);
        switch (random.Next(8))
        {
            case 0:
                return [.. bytes[..at], value, .. bytes[at..]];
            case 1:
                return [.. bytes[..at], .. bytes[(at + 1)..]];
            default:
                // Behind the header, so that the frames stay frames, as often as anywhere.
                at = bytes.Length > 9 && random.Next(2) == 0 ? random.Next(9, bytes.Length) : at;
                return [.. bytes[..at], value, .. bytes[(at + 1)..]];
        }
    }
}
