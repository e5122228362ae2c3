using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Connections;
using Sidecar.Observation;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Tests.Observation.Http1;
using Sidecar.Tests.Observation.Http2;
using Sidecar.Tests.Observation.Memory;
using Testing;
using Xunit;

namespace Sidecar.Tests.Observation;

/// <summary>However the bytes are cut, the records are the same.</summary>
public sealed class CutPropertyTests
{
    private const int HeadBytes = 600;

    private static readonly List<(string Name, (Direction Direction, byte[] Bytes)[] Turns)> Odd =
    [
        .. TrafficShapes.All.Select(shape => (shape.Key, shape.Value().ToArray())),
        ("long method", Turns($"{new string('M', 23)} / HTTP/1.1\r\n\r\n")),
        ("longer method", Turns($"{new string('M', 24)} / HTTP/1.1\r\n\r\n")),
        ("longest method", Turns($"\r\n{new string('M', 40)} / HTTP/1.1\r\n\r\n")),
        ("blanks beyond the limit", Turns($"GET / HTTP/1.1\r\nA: {new string(' ', 2000)}b\r\nC: d\r\n\r\n")),
        ("value of blanks", Turns($"GET / HTTP/1.1\r\nA: b{new string(' ', 2000)}\r\nC: d\r\n\r\n")),
        .. Enumerable.Range(HeadBytes - 40, 160).Select(length => ($"target of {length}", Turns($"GET /{new string('t', length)} HTTP/1.1\r\nA: b\r\n\r\n"))),
        .. Enumerable.Range(HeadBytes - 40, 160).Select(length => ($"field of {length}", Turns($"GET / HTTP/1.1\r\nA: {new string('v', length)}\r\nC: d\r\n e\r\n\r\n"))),
        ("pipelined junk", Turns("GET /1 HTTP/1.1\r\n\r\njunk\r\nGET /2 HTTP/1.1\r\n\r\n")),
        ("answer nobody asked for", [.. Turns("GET /1 HTTP/1.1\r\n\r\n"), (Direction.Response, "HTTP/1.1 200 OK\r\n\r\n"u8.ToArray())]),
        ("two answers", [.. Turns("GET /1 HTTP/1.1\r\n\r\n"), (Direction.Response, "HTTP/1.1 204 A\r\n\r\nHTTP/1.1 204 B\r\n\r\nHTTP/1.1 204 C\r\n\r\n"u8.ToArray())]),
        ("server first", [(Direction.Response, Frames.Settings()), (Direction.Request, [.. Frames.Preface, .. Frames.Settings(), .. Frames.Headers(1, true, ":method: GET", ":path: /")])]),
    ];

    [Fact]
    public void Records_OfOddTraffic_AreTheSameHoweverItIsCut()
    {
        foreach (var (name, turns) in Odd)
        {
            for (var seed = 0; seed < Rounds.Of(12); seed++)
                AssertSame(turns, seed, name);
        }
    }

    [Fact]
    public void Records_OfAnyConversation_AreTheSameHoweverItIsCut() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(Rounds.Of(300)), Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            AssertSame([.. new RandomHttp1(seed).Pieces()], seed, "http1");
            AssertSame([.. new RandomConversation(seed).Conversation.Turns], seed, "http2");
        }));

    private static (Direction Direction, byte[] Bytes)[] Turns(string request) =>
        [(Direction.Request, Encoding.Latin1.GetBytes(request)), (Direction.Response, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray())];

    private static void AssertSame((Direction Direction, byte[] Bytes)[] turns, int seed, string name)
    {
        var whole = See(turns, cut: null);
        var inPieces = See(turns, new Random(seed));
        if (!whole.SequenceEqual(inPieces))
            Assert.Fail($"{name}, seed {seed}:\n{string.Join('\n', whole.Take(20))}\nbut in pieces\n{string.Join('\n', inPieces.Take(20))}");
    }

    private static List<string> See((Direction Direction, byte[] Bytes)[] turns, Random? cut)
    {
        var told = new Told();
        var observer = new ConnectionObserver(told, new ObservationLimits { HeadBytes = HeadBytes }, new ObservationMemory(ObservationLimits.DefaultMemory), TimeProvider.System);
        // Some cuts are rare, some are everywhere.
        int? most = cut is null ? null : cut.Next(3) switch { 0 => 1, 1 => 30, _ => 2000 };
        foreach (var (direction, bytes) in turns)
        {
            for (var start = 0; start < bytes.Length;)
            {
                var length = Math.Min(bytes.Length - start, most is { } longest ? cut!.Next(1, longest + 1) : bytes.Length);
                observer.Read(direction, bytes.AsSpan(start, length), TimeProvider.System.GetTimestamp());
                start += length;
            }
        }

        observer.Close(ExchangeOutcome.Completed, 0);
        return told.Seen.Lines;
    }

    private sealed class Told : IConnectionWatcher
    {
        public SeenExchanges Seen { get; } = new() { WithBytes = true };

        public void OnExchange(Exchange exchange) => Seen.OnExchange(exchange);

        public void OnUnobservable(ObservationFault fault) => Seen.Lines.Add(fault.ToString());

        public void OnBug(Exception bug) => Assert.Fail(bug.ToString());

        public void Post(SendOrPostCallback call, object state) => call(state);
    }
}
