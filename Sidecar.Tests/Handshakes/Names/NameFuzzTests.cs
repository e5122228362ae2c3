using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Handshakes.Names;
using Testing;
using Xunit;
using static Sidecar.Tests.Handshakes.Names.HelloBytes;

namespace Sidecar.Tests.Handshakes.Names;

public sealed class NameFuzzTests
{
    private static readonly int Clients = Rounds.Of(150_000);

    private static readonly byte[][] Seeds =
    [
        Named("a.test"), Named("b.example.test."), InRecords(Named("a.test"), 7), InRecords(Named("a.test"), 50), Hello(Extension(43, 2, 3, 4)),
        "GET / HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\n\r\n"u8.ToArray(), "POST http://b.test:80/x HTTP/1.0\nHost: a.test\n\n"u8.ToArray(),
        "GET / HTTP/1.1\r\nCookie: a=b\r\nhost:a.test:8080\r\n\r\n"u8.ToArray(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(),
    ];

    // Bytes that mean something to the one protocol or the other.
    private static readonly byte[] Telling = [0, 1, 2, 3, 5, 21, 22, 23, 0x13, 0x40, 0xFF, .. " \r\n\t:/.@[]hH1"u8];

    // Catches: exceptions, decisions that depend on how bytes are cut, waiting for ever, names that are none.
    [Fact]
    public void Look_AtMutatedClients_IsBoundedAndTheSameHoweverTheyAreCut()
    {
        const int seed = 20261201;
        var random = new Random(seed);
        var (named, nameless, incomplete) = (0, 0, 0);
        for (var round = 0; round < Clients; round++)
        {
            var wire = Mutate(Seeds[random.Next(Seeds.Length)], random);
            var shown = $"seed {seed}, round {round}: {Convert.ToHexString(wire)}";
            var whole = Look(wire.AsMemory());
            Assert.True(whole.Status is ReadStatus.Complete or ReadStatus.Incomplete, shown);
            Assert.True(whole.Name is not { } name || (whole.Status == ReadStatus.Complete && HostPort.IsHost(name)
                && !name.Any(char.IsUpper) && !DestinationPattern.TryParseAddress(name, out _)), shown);
            _ = whole.Status == ReadStatus.Incomplete ? incomplete++ : whole.Name is null ? nameless++ : named++;

            var cut = random.Next(wire.Length + 1);
            Assert.True(Look(wire.AsMemory(..cut), wire.AsMemory(cut..)) == whole, shown);
            var part = Look(wire.AsMemory(..cut));
            // A decision on a part is final.
            Assert.True(part.Status == ReadStatus.Incomplete || part == whole, shown);
            byte[] endless = [.. wire, .. Enumerable.Repeat((byte)'a', NameSearch.MaxBytes)];
            Assert.True(round % 64 != 0 || Look(endless.AsMemory()).Status == ReadStatus.Complete, shown);
        }

        // The mutations reach every outcome often enough to mean something.
        Assert.All([named, nameless, incomplete], count => Assert.InRange(count, Clients / 30, Clients));
    }

    private static byte[] Mutate(byte[] client, Random random)
    {
        var bytes = client.ToList();
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
