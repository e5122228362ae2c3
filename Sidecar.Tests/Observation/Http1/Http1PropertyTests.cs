using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Connections;
using Sidecar.Observation;
using Sidecar.Observation.Http1;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Testing;
using Xunit;

namespace Sidecar.Tests.Observation.Http1;

public sealed class Http1PropertyTests
{
    private static readonly int Mutants = Rounds.Of(700_000);

    [Fact]
    public void Conversation_OfAnyKind_IsSeenAsItWas() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var conversation = new RandomHttp1(seed);
            var seen = new Seen();
            var observer = new Http1Observer(seen, new(), Unshared.Account());
            foreach (var (direction, piece) in conversation.Pieces())
            {
                ReadOnlySpan<byte> bytes = piece;
                Assert.True(observer.Read(direction, ref bytes, 0), observer.Failure);
            }

            observer.Close(new(ExchangeOutcome.Completed), 0);
            Assert.Equal(conversation.Seen, seen.Lines);
        }));

    // Whatever comes: no exception, an end, and no more in memory than the limits allow.
    [Fact]
    public void Bytes_OfAnyKind_EndTheObservationAtMost()
    {
        var pieces = Enumerable.Range(0, 200).Select(seed => new RandomHttp1(seed, mostExchanges: 2).Pieces().ToArray()).ToArray();
        var sink = new Counter();
        var limits = new ObservationLimits { HeadBytes = 1024 };
        for (var seed = 0; seed < Mutants; seed++)
        {
            var random = new Random(seed);
            var observer = new Http1Observer(sink, limits, Unshared.Account());
            try
            {
                Feed(observer, pieces[random.Next(pieces.Length)], random);
                observer.Close(new(ExchangeOutcome.Completed), 0);
            }
            catch (Exception bug)
            {
                Assert.Fail($"seed {seed}: {bug}");
            }
        }

        // Some survive their mutation, or nothing behind the first byte was tried.
        Assert.InRange(sink.Completed, Mutants / 10, long.MaxValue);
    }

    [Fact]
    public void Heads_OfManyPipelinedRequests_AreBoundedTogether()
    {
        var seen = new Seen();
        var limits = new ObservationLimits();
        var memory = new ObservationMemory(limit: 4 * 1024 * 1024);
        var observer = new Http1Observer(seen, limits, memory.Open());
        const int requests = 1000;
        var request = Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nCookie: {new string('c', limits.HeadBytes - 100)}\r\n\r\n");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < requests; i++)
        {
            ReadOnlySpan<byte> bytes = request;
            Assert.True(observer.Read(Direction.Request, ref bytes, 0));
        }

        // What may be kept, and what is made for it and goes.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 * 1024 * 1024);
        observer.Close(new(ExchangeOutcome.Completed), 0);
        Assert.Equal(requests, seen.Lines.Count);
        Assert.InRange(memory.HeadsCut, requests / 2, requests);
    }

    private static void Feed(Http1Observer observer, (Direction Direction, byte[] Piece)[] pieces, Random random)
    {
        var mutated = random.Next(pieces.Length);
        for (var i = 0; i < pieces.Length; i++)
        {
            var (direction, piece) = pieces[i];
            ReadOnlySpan<byte> bytes = i == mutated ? Mutate(piece, pieces, random) : piece;
            if (!observer.Read(direction, ref bytes, 0))
                return;
        }
    }

    private static byte[] Mutate(byte[] piece, (Direction, byte[] Piece)[] all, Random random)
    {
        var at = random.Next(piece.Length);
        switch (random.Next(6))
        {
            case 0:
                var changed = (byte[])piece.Clone();
                changed[at] ^= (byte)(1 << random.Next(8));
                return changed;
            case 1:
                return [.. piece[..at], .. piece[(at + 1)..]];
            case 2:
                return [.. piece[..at], (byte)random.Next(256), .. piece[at..]];
            case 3:
                return [.. piece, .. piece];
            case 4:
                return [.. piece[..at], .. all[random.Next(all.Length)].Piece, .. piece[at..]];
            default:
                return [.. piece[..at], .. new string(random.Next(2) == 0 ? '9' : 'a', random.Next(3000)).Select(c => (byte)c), .. piece[at..]];
        }
    }

    private sealed class Seen : IExchangeSink
    {
        public List<string> Lines { get; } = [];

        public void OnExchange(Exchange exchange) => Lines.Add(
            $"{Text(exchange.Request.Method)} {Text(exchange.Request.Target)} {exchange.RequestBytes} {exchange.Response?.Status} {exchange.ResponseBytes} {exchange.Outcome}");

        private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
    }

    private sealed class Counter : IExchangeSink
    {
        public long Completed { get; private set; }

        public void OnExchange(Exchange exchange) => Completed += exchange.Outcome == ExchangeOutcome.Completed ? 1 : 0;
    }
}
