using System.Text;
using Sidecar.Connections;
using Sidecar.Tests.Observation.Http2.Hpack;
using static Sidecar.Tests.Observation.Http2.Frames;

namespace Sidecar.Tests.Observation.Memory;

/// <summary>What somebody may send who wants much to be kept of little.</summary>
internal static class TrafficShapes
{
    private const int Exchanges = 999;

    // Any 5 bits of zeros are one '0' of the Huffman code.
    private static readonly byte[] Huffman = [.. HpackWriter.Integer(7, 0x80, 2525), .. new byte[2525]];

    private static readonly byte[] Long = HpackWriter.String(new string('v', 4000), isHuffman: false);

    public static IReadOnlyDictionary<string, Func<IEnumerable<(Direction Direction, byte[] Bytes)>>> All { get; } =
        new Dictionary<string, Func<IEnumerable<(Direction, byte[])>>>
        {
            ["http1 least"] = () => Http1("G / HTTP/1.1\n\n"),
            ["http1 usual"] = () => Http1("GET /some/where HTTP/1.1\r\nHost: example.com\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\r\n"),
            ["http1 small fields"] = () => Http1("G / HTTP/1.1\n" + string.Concat(Enumerable.Repeat("a:\n", 1500)) + "\n", 50),
            ["http1 long target"] = () => Http1($"GET /{new string('a', 5000)} HTTP/1.1\r\n\r\n", 200),
            ["http1 head just above a power of two"] = () => Http1($"GET /{new string('a', 1030)} HTTP/1.1\r\n\r\n", 200),
            ["http1 responses"] = () => [(Direction.Request, Bytes("GET / HTTP/1.1\r\n\r\n", Exchanges)), (Direction.Response, Bytes("HTTP/1.1 200\n\n"))],
            ["http1 interim responses"] = () => [(Direction.Request, Bytes("GET / HTTP/1.1\r\n\r\n")), (Direction.Response, Bytes("HTTP/1.1 100\na:\n\n", Exchanges))],
            ["http1 dribbling head"] = () => Bytes($"GET / HTTP/1.1\r\nA: {new string('b', 3000)}\r\nB: {new string('c', 3000)}\r\nC").Select(one => (Direction.Request, (byte[])[one])),
            ["http1 half a line"] = () => [(Direction.Request, Bytes("GET /")), (Direction.Request, Bytes(new string('a', 5000)))],
            ["http1 requests behind a body that may be left out"] = () => [.. Expecting("HTTP/1.1 417 No\r\nContent-Length: 5\r\n\r\n"), (Direction.Request, Bytes("GET / HTTP/1.1\r\n\r\n", Exchanges))],
            ["http1 bodies left out"] = () => [.. Enumerable.Repeat(Expecting("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"), 200).SelectMany(turn => turn)],
            ["http1 junk behind requests"] = () => [(Direction.Request, Bytes("GET / HTTP/1.1\r\n\r\n", Exchanges)), (Direction.Request, Bytes("junk\r\n")), (Direction.Response, Bytes("HTTP/1.1 204 A\r\n\r\n", 100)), (Direction.Request, Bytes("GET / HTTP/1.1\r\n\r\n", Exchanges))],
            ["http1 half a head refused"] = () => [(Direction.Request, Bytes($"GET /{new string('a', 900)} HTTP/1.1\r\nA: {new string('b', 3000)}")), (Direction.Response, Bytes("HTTP/1.1 431 No\r\nContent-Length: 5\r\n\r\n"))],
            ["http1 refusals"] = () => [(Direction.Response, Bytes("HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n", Exchanges))],
            ["http1 upgrade ahead of the body"] = () => [(Direction.Request, Bytes($"POST / HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: {new string('A', 200)}\r\nContent-Length: 9\r\n\r\n")), (Direction.Response, Bytes("HTTP/1.1 101 A\r\nUpgrade: h2c\r\n\r\n")), (Direction.Response, Settings())],
            ["http1 upgrade"] = () => [(Direction.Request, Bytes("GET / HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n\r\n")), (Direction.Response, Bytes("HTTP/1.1 101 A\r\nUpgrade: h2c\r\n\r\n")), (Direction.Response, Settings()), .. Http2Client([.. Preface, .. Settings(), .. Many(i => HeaderBlock((2 * i) + 3, [0x82, 0x84]))])],
            ["first bytes"] = () => [(Direction.Request, Bytes("G"))],
            ["http2 preface"] = () => Http2(),
            ["http2 least"] = () => Http2(Requests(0x82, 0x84, 0x86)),
            ["http2 no fields"] = () => Http2(Requests()),
            ["http2 authority"] = () => Http2(Requests([0x82, 0x84, 0x86, 0x41, 1, (byte)'a'])),
            ["http2 calls"] = () => Http2([.. HeaderBlock(1, [0x83, 0x84, .. Literal("content-type", "application/grpc")]), .. Many(i => HeaderBlock((2 * i) + 3, [0x83, 0x84, 0xBE]))]),
            ["http2 entry by number"] = () => Http2([.. HeaderBlock(1, [0x82, 0x84, 0x40, 1, (byte)'x', .. Long], ends: true), .. Many(i => HeaderBlock((2 * i) + 3, [0x82, 0x84, .. Enumerable.Repeat((byte)0xBE, 15)], ends: true))]),
            ["http2 huffman entry by number"] = () => Http2([.. HeaderBlock(1, [0x82, 0x84, 0x40, 1, (byte)'x', .. Huffman], ends: true), .. Many(i => HeaderBlock((2 * i) + 3, [0x82, 0x84, .. Enumerable.Repeat((byte)0xBE, 15)], ends: true))]),
            ["http2 entry once, then least"] = () => Http2([.. HeaderBlock(1, [0x82, 0x84, 0x40, 1, (byte)'x', .. Huffman]), .. HeaderBlock(3, [0x82, .. Enumerable.Repeat((byte)0xBE, 15)]), .. Many(i => HeaderBlock((2 * i) + 5, [0x82, 0x84, 0x86]))]),
            ["http2 static fields"] = () => Http2(Many(i => HeaderBlock((2 * i) + 1, [0x82, 0x84, .. Enumerable.Repeat((byte)0x90, 40)]))),
            ["http2 small fields"] = () => Http2(Many(i => HeaderBlock((2 * i) + 1, [0x82, .. Enumerable.Repeat((byte[])[0, 0, 0], 300).SelectMany(f => f)]), 50)),
            ["http2 table of small entries"] = () => Http2(HeaderBlock(1, [.. Enumerable.Repeat((byte[])[0x40, 0, 0], 3000).SelectMany(f => f)])),
            ["http2 table of names by number"] = () => [.. Http2(Settings(), 1 << 20), .. Http2Client(HeaderBlock(1, [0x3F, 0xE1, 0xFF, 0x3F, 0x40, .. HpackWriter.String(new string('n', 1000), isHuffman: false), 0, .. Enumerable.Repeat((byte[])[0x7E, 0], 200).SelectMany(f => f)]))],
            ["http2 table of a megabyte"] = () => [.. Http2(Settings(), 1 << 20), .. Http2Client(HeaderBlock(1, [0x3F, 0xE1, 0xFF, 0x3F])), .. Http2Client(Many(i => HeaderBlock((2 * i) + 3, [0x82, 0x84, .. Literal("n" + i, new string('v', 900))])))],
            ["http2 continuations"] = () => Http2([.. HeaderBlock(1, [0x82], endsBlock: false), .. Enumerable.Repeat(Continuation(1, [0x84], endsBlock: false), 2000).SelectMany(f => f)]),
            ["http2 empty continuations"] = () => Http2([.. HeaderBlock(1, [0x82], endsBlock: false), .. Enumerable.Repeat(Continuation(1, [], endsBlock: false), 2000).SelectMany(f => f)]),
            ["http2 dribbling block"] = () => [.. Http2(), .. HeaderBlock(1, [0x82, .. Literal("a", new string('b', 3000))])[..^1].Select(one => (Direction.Request, (byte[])[one]))],
            ["http2 responses and trailers"] = () => [.. Http2(Requests(0x82, 0x84)), (Direction.Response, Many(i => [.. HeaderBlock((2 * i) + 1, [0x88]), .. HeaderBlock((2 * i) + 1, [0x90])]))],
            ["http2 streams that end"] = () => [.. Http2(Many(i => HeaderBlock((2 * i) + 1, [0x82, 0x84], ends: true))), (Direction.Response, Many(i => HeaderBlock((2 * i) + 1, [0x88], ends: true)))],
            ["http2 resets"] = () => Http2(Many(i => [.. HeaderBlock((2 * i) + 1, [0x82, 0x84]), .. Reset((2 * i) + 1, 8)])),
            ["http2 junk behind requests"] = () => [.. Http2([.. Requests(0x82, 0x84), .. Continuation(1, [], endsBlock: true)]), (Direction.Response, Many(i => HeaderBlock((2 * i) + 1, [0x88], ends: true), 100)), .. Http2Client(Requests(0x82, 0x84))],
            ["http2 pushes"] = () => [.. Http2(Requests(0x82, 0x84)), (Direction.Response, Many(i => PushPromise(1, (2 * i) + 2, Literal("p" + i, "q"))))],
        };

    private static IEnumerable<(Direction Direction, byte[] Bytes)> Expecting(string answer) =>
        [(Direction.Request, Bytes("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n")), (Direction.Response, Bytes(answer))];

    private static byte[] Literal(string name, string value) => [0x40, .. HpackWriter.String(name, isHuffman: false), .. HpackWriter.String(value, isHuffman: false)];

    private static byte[] Requests(params byte[] block) => Many(i => HeaderBlock((2 * i) + 1, block, ends: true));

    private static byte[] Many(Func<int, byte[]> one, int count = Exchanges) => [.. Enumerable.Range(0, count).SelectMany(one)];

    private static byte[] Bytes(string text, int count = 1) => [.. Enumerable.Repeat(Encoding.Latin1.GetBytes(text), count).SelectMany(bytes => bytes)];

    private static IEnumerable<(Direction Direction, byte[] Bytes)> Http1(string request, int count = Exchanges) => [(Direction.Request, Bytes(request, count))];

    private static IEnumerable<(Direction Direction, byte[] Bytes)> Http2(byte[]? client = null, int? tableSize = null) =>
        [(Direction.Request, [.. Preface, .. Settings()]), (Direction.Response, tableSize is { } size ? Settings((1, size)) : Settings()), (Direction.Request, [.. SettingsAck(), .. client ?? []])];

    private static IEnumerable<(Direction Direction, byte[] Bytes)> Http2Client(byte[] frames) => [(Direction.Request, frames)];
}
