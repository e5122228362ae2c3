using System.Net;
using global::Packets;
using Sidecar.Tests.EndToEnd.Observation;
using Testing;
using Xunit;
using static Sidecar.Tests.Packets.Frames;

namespace Sidecar.Tests.Packets;

/// <summary>Mutated captures, from the file to the streams.</summary>
public sealed class CaptureFuzzTests
{
    private const int Seed = 9293;

    private static readonly int Files = Rounds.Of(100_000);

    // Bytes that mean something: types of blocks, magic numbers, versions and lengths of headers, flags, signs.
    private static readonly byte[] Telling = [0, 1, 2, 3, 4, 6, 0x0A, 0x0D, 0x10, 0x11, 0x12, 0x14, 0x1A, 0x2B, 0x3C, 0x45, 0x4D, 0x50, 0x60, 0x7F, 0x80, 0x81, 0xA1, 0xB2, 0xD4, 0xFF];

    // Catches: exceptions other than about the format, endless loops, memory beyond the limits, readers that are not closed.
    [Fact]
    public async Task Captures_Mutated_AreReadWithinTheLimitsOrRefused()
    {
        var bases = await BasesAsync();
        var random = new Random(Seed);
        var (refused, opened, gaps, cut) = (0, 0L, 0L, 0);
        for (var round = 0; round < Files; round++)
        {
            var file = Mutate(bases[random.Next(bases.Count)], random);
            try
            {
                var reassembler = Read(file, random, out var isCut);
                opened += reassembler.Opened;
                gaps += reassembler.Gaps;
                cut += isCut ? 1 : 0;
            }
            catch (FormatException)
            {
                refused++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {Seed}, round {round}: {Convert.ToHexString(file)}", e);
            }
        }

        // The mutations reach the depths.
        Assert.InRange(refused, Files / 20, Files / 2);
        Assert.InRange(opened, Files, long.MaxValue);
        Assert.InRange(gaps, Files / 20, long.MaxValue);
        Assert.InRange(cut, Files / 50, Files);
    }

    private static TcpReassembler Read(byte[] file, Random random, out bool isCut)
    {
        var limits = new ReassemblyLimits { MaxConnections = 3, MaxRemembered = 2, WaitingBytes = 600, TotalWaitingBytes = 900, Idle = TimeSpan.FromMilliseconds(1) };
        var readers = new List<StreamReader>();
        var reassembler = new TcpReassembler(
            opening =>
            {
                if (opening.Client.Port % 16 == 7)
                    return null;
                readers.Add(new StreamReader { Enough = random.Next(8) == 0 ? 10 : int.MaxValue });
                return readers[^1];
            },
            limits);
        using var stream = new ChunkStream(file, random.Next(1, 2000));
        var reader = new CaptureReader(stream, random.Next(1, 2000));
        while (reader.TryRead(out var frame))
        {
            if (TcpSegment.TryRead(frame, out var segment))
                reassembler.Add(segment);
            if (reassembler.Held is < 0 or > 900 || reassembler.Connections > 3 || reassembler.Remembered > 2)
                throw new InvalidOperationException("beyond the limits");
        }

        reassembler.Complete();
        if (reassembler.Held != 0 || !readers.TrueForAll(each => each.IsClosed))
            throw new InvalidOperationException("something is left");
        isCut = reader.IsCut;
        return reassembler;
    }

    private static async Task<List<byte[]>> BasesAsync()
    {
        var frames = Talk().ToList();
        List<byte[]> bases =
        [
            WrittenCapture.Pcap(frames), WrittenCapture.Pcap(frames, isBig: true, hasNanoseconds: true), WrittenCapture.PcapNg(frames), WrittenCapture.PcapNg(frames, isBig: true),
            WrittenCapture.Pcap(frames.Select(frame => frame[14..]), link: 101), WrittenCapture.PcapNg(frames.Select(frame => (byte[])[.. new byte[2], .. frame]), link: 113),
            [.. WrittenCapture.PcapNg(frames[..3]), .. WrittenCapture.PcapNg(frames[3..], isBig: true)],
        ];
        if (!File.Exists("/usr/bin/editcap"))
            return bases;
        using var folder = new TempFolder();
        await File.WriteAllBytesAsync(folder.File("source"), bases[0]);
        foreach (var format in new[] { "pcap", "nsecpcap", "pcapng" })
        {
            await Programs.RunAsync("editcap", "tshark", "-F", format, folder.File("source"), folder.File(format));
            bases.Add(await File.ReadAllBytesAsync(folder.File(format)));
        }

        return bases;
    }

    // Two connections, out of order, sent again, and with bytes missing; one ends, one is reset.
    private static IEnumerable<byte[]> Talk()
    {
        var (client, server) = (IPEndPoint.Parse("10.0.0.2:40000"), IPEndPoint.Parse("10.0.0.3:80"));
        var (client6, server6) = (IPEndPoint.Parse("[fd00::2]:40001"), IPEndPoint.Parse("[fd00::3]:80"));
        yield return Frame(client, server, 100, Syn, []);
        yield return Frame(server, client, 900, Syn | Ack, [], acknowledgement: 101);
        yield return Frame(client, server, 101, Ack, "GET / HTTP/1.1\r\n"u8.ToArray(), acknowledgement: 901);
        yield return Frame(client, server, 125, Ack, "late"u8.ToArray(), 2, 901);
        yield return Frame(client, server, 117, Ack, "between "u8.ToArray(), acknowledgement: 901);
        yield return Frame(server6, client6, 7000, Ack, "HTTP/1.1 200 OK"u8.ToArray(), acknowledgement: 50);
        yield return Frame(server, client, 901, Ack | Fin, "HTTP/1.1 204"u8.ToArray(), acknowledgement: 129);
        yield return Frame(client6, server6, 60, Ack, "GET /next"u8.ToArray(), acknowledgement: 7015);
        yield return Frame(server6, client6, 7020, Ack | Rst, [], acknowledgement: 69);
        yield return Frame(client, server, 129, Ack | Fin, [], acknowledgement: 914);
        yield return Frame(client, server, 5000, Syn, [], acknowledgement: 914);
    }

    private static byte[] Mutate(byte[] file, Random random)
    {
        var bytes = (List<byte>)[.. file];
        for (var count = random.Next(1, 5); count > 0 && bytes.Count > 0; count--)
        {
            // The first bytes say the format; more is to be found behind them.
            var at = random.Next(10) == 0 ? random.Next(Math.Min(28, bytes.Count)) : random.Next(bytes.Count);
            switch (random.Next(16))
            {
                case 0:
                    bytes.Insert(at, Telling[random.Next(Telling.Length)]);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2 when random.Next(4) == 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, random.Next(Math.Min(100, bytes.Count - at))));
                    break;
                case < 10:
                    bytes[at] = Telling[random.Next(Telling.Length)];
                    break;
                default:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
            }
        }

        return [.. bytes];
    }
}
