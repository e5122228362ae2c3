using Sidecar.Connections;
using Sidecar.Observation;
using Sidecar.Observation.Http2;
using Sidecar.Options;
using Sidecar.Tests.Observation.Http2.Hpack;
using Xunit;
using static Sidecar.Tests.Observation.Http2.Frames;

namespace Sidecar.Tests.Observation.Http2;

/// <summary>Peers that send much of what costs them little.</summary>
public sealed class FloodTests
{
    [Fact]
    public void Continuations_WithoutEnd_EndTheObservation()
    {
        byte[] begun = [.. HeaderBlock(1, Plain(":method: GET"), endsBlock: false)];
        new Http2Conversation().Client([begun, .. Enumerable.Repeat(Continuation(1, [], endsBlock: false), 30_000)]).FailsFor("a header block that is too long");
        var large = new byte[16 * 1024];
        new Http2Conversation().Client([begun, .. Enumerable.Repeat(Continuation(1, large, endsBlock: false), 20)]).FailsFor("a header block that is too long");
        new Http2Conversation().Client(HeaderBlock(1, new byte[300 * 1024])).FailsFor("a header block that is too long");
    }

    [Theory]
    [InlineData(0xBE)] // The long field itself, again and again.
    [InlineData(0x7E)] // Its name, each time in a new field that is kept.
    public void Fields_ThatReferToALongOne_EndTheObservationEarly(byte reference)
    {
        var sink = new Counted();
        var observer = Begun(sink);
        byte[] first = [.. Plain(":method: GET", ":path: /"), 0x40, .. HpackWriter.String(new string('n', 4000), isHuffman: false), 0];
        Feed(observer, Direction.Request, HeaderBlock(1, first, ends: true));
        var bomb = HeaderBlock(3, [.. Enumerable.Repeat((byte[])[reference, .. reference == 0x7E ? (byte[])[0] : []], 100_000).SelectMany(field => field)]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Feed(observer, Direction.Request, bomb);
        Assert.Equal("a header list that is too long", observer.Failure);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 512 * 1024);
    }

    [Fact]
    public void Streams_OpenedAndReset_AreEachReportedFromBoundedMemory()
    {
        const int streams = 100_000;
        var sink = new Counted();
        var observer = Begun(sink);
        byte[] pair = [.. Headers(1, true, ":method: GET", ":path: /", "a: b"), .. Reset(1, 8)];
        var reset = pair.Length - 8;
        for (var i = 0; i < streams; i++)
        {
            if (i == 1000)
                sink.AllocatedBefore = GC.GetAllocatedBytesForCurrentThread();
            Number((2 * i) + 1).CopyTo(pair, 5);
            Number((2 * i) + 1).CopyTo(pair, reset);
            Feed(observer, Direction.Request, pair);
        }

        Assert.Null(observer.Failure);
        Assert.Equal((streams, 0), (sink.Resets, sink.Others));
        // The exchange, its stream, and the two numbers made here.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - sink.AllocatedBefore) / streams, 0, 450);
        observer.Close(new(ExchangeOutcome.Completed), time: 1);
        Assert.Equal(streams, sink.Resets + sink.Others);
    }

    [Fact]
    public void Frames_OfAnyNumber_AllocateNothing()
    {
        var observer = Begun(new Counted());
        Feed(observer, Direction.Request, Headers(1, false, ":method: POST", ":path: /a.B/C", "content-type: application/grpc"));
        byte[] frames =
        [
            .. Settings((1, 4096), (4, 1)), .. SettingsAck(), .. Ping(), .. WindowUpdate(1), .. WindowUpdate(0), .. GoAway(1),
            .. Data(1, Message(20), padding: 3), .. Frame(0x42, 0, 1, 1, 2, 3), .. HeaderBlock(1, Plain("a: b"), endsBlock: false), .. Continuation(1, Plain("c: d"), endsBlock: true),
        ];
        Feed(observer, Direction.Request, frames);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
            Feed(observer, Direction.Request, frames);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
        Assert.Null(observer.Failure);
    }

    private static Http2Observer Begun(IExchangeSink sink)
    {
        var observer = new Http2Observer(sink, new ObservationLimits(), Unshared.Account(), TimeProvider.System);
        Feed(observer, Direction.Request, [.. Preface, .. Settings()]);
        Feed(observer, Direction.Response, Settings());
        return observer;
    }

    private static void Feed(Http2Observer observer, Direction direction, byte[] bytes)
    {
        ReadOnlySpan<byte> rest = bytes;
        observer.Read(direction, ref rest, time: 1);
    }

    private sealed class Counted : IExchangeSink
    {
        public int Resets { get; private set; }

        public int Others { get; private set; }

        public long AllocatedBefore { get; set; }

        public void OnExchange(Exchange exchange)
        {
            if (exchange.Outcome == ExchangeOutcome.ClientReset && exchange.Request.Method.SequenceEqual("GET"u8))
                Resets++;
            else
                Others++;
        }
    }
}
