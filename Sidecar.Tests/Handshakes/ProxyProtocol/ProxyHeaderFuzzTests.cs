using Oracle.Protocol;
using Sidecar.Handshakes.ProxyProtocol;
using Sidecar.Options;
using Testing;
using Xunit;
using static Sidecar.Tests.Handshakes.ProxyProtocol.HeaderBytes;

namespace Sidecar.Tests.Handshakes.ProxyProtocol;

public sealed class ProxyHeaderFuzzTests
{
    private static readonly int Headers = Rounds.Of(150_000);

    private static readonly byte[][] Seeds =
    [
        Written(V4, ProxyVersion.V1), Written(V6, ProxyVersion.V1), "PROXY UNKNOWN\r\n"u8.ToArray(),
        Written(V4, ProxyVersion.V2), Written(V6, ProxyVersion.V2),
        V2(0x21, 0x11, [.. AddressesV4, .. Tlv(0x04, 1, 2), .. Tlv(0x20, new byte[30])]),
        WithChecksum(V2(0x21, 0x21, [.. AddressesV6, .. Tlv(0x03, new byte[4])])),
        V2(0x20, 0x00, Tlv(0x04, 1)), V2(0x21, 0x31, new byte[216]),
    ];

    // Bytes that mean something to the one version or the other.
    private static readonly byte[] Telling = [0, 1, 2, 3, 0x10, 0x11, 0x12, 0x20, 0x21, 0x22, 0x31, 0xFF, .. " \r\n0.:%159fPT46"u8];

    // Catches: exceptions, decisions that depend on how bytes are cut, waiting for ever, taking more than there is.
    [Fact]
    public void Parse_MutatedHeaders_IsBoundedAndTheSameHoweverTheyAreCut()
    {
        const int seed = 20260107;
        var random = new Random(seed);
        var counts = new int[Enum.GetValues<ReadStatus>().Length];
        for (var round = 0; round < Headers; round++)
        {
            var wire = Mutate(Seeds[random.Next(Seeds.Length)], random);
            var shown = $"seed {seed}, round {round}: {Convert.ToHexString(wire)}";
            var whole = Parse(wire.AsMemory());
            counts[(int)whole.Status]++;
            Assert.True(whole.Status is ReadStatus.Complete or ReadStatus.Incomplete or ReadStatus.Malformed or ReadStatus.TooLong, shown);
            Assert.True(whole.Header is null || whole.Status == ReadStatus.Complete, shown);

            var cut = random.Next(wire.Length + 1);
            Assert.True(Parse(wire.AsMemory(..cut), wire.AsMemory(cut..)) == whole, shown);
            var part = Parse(wire.AsMemory(..cut));
            // A decision on a part is final; a whole header is never taken for one before its last byte.
            Assert.True(part.Status == ReadStatus.Incomplete || part == whole, shown);
            Assert.True(whole.Status != ReadStatus.Complete || (part.Status == ReadStatus.Complete) == (cut >= whole.Consumed), shown);
            // What was read is written and read back the same.
            Assert.True(whole.Header is not { } header || Parse(Written(header, ProxyVersion.V2).AsMemory()).Header == header, shown);
            byte[] endless = [.. wire, .. new byte[ProxyHeaderV2.MaxLength]];
            Assert.True(round % 64 != 0 || Parse(endless.AsMemory()).Status != ReadStatus.Incomplete, shown);
        }

        // The mutations reach every outcome often enough to mean something.
        Assert.All([ReadStatus.Complete, ReadStatus.Incomplete, ReadStatus.Malformed, ReadStatus.TooLong], s => Assert.InRange(counts[(int)s], Headers / 300, Headers));
    }

    private static byte[] Mutate(byte[] header, Random random)
    {
        var bytes = header.ToList();
        for (var i = random.Next(4); i > 0 && bytes.Count > 0; i--)
        {
            var at = random.Next(bytes.Count);
            var value = random.Next(2) == 0 ? (byte)random.Next(256) : Telling[random.Next(Telling.Length)];
            switch (random.Next(5))
            {
                case 0: bytes[at] = value; break;
                case 1: bytes.Insert(at, value); break;
                case 2: bytes.RemoveAt(at); break;
                case 3: bytes.RemoveRange(at, bytes.Count - at); break;
                default: bytes.InsertRange(at, bytes.Slice(at, random.Next(Math.Min(120, bytes.Count - at)))); break;
            }
        }

        return [.. bytes];
    }
}
