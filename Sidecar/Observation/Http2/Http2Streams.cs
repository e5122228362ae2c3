using Sidecar.Observation.Grpc;
using Sidecar.Observation.Memory;
using Sidecar.Options;

namespace Sidecar.Observation.Http2;

/// <summary>The open streams of a connection; reports their exchanges.</summary>
/// <param name="sink">Gets each exchange.</param>
/// <param name="limits">Limits for the kept part of a head.</param>
/// <param name="memory">Charged for them.</param>
/// <param name="clock">The clock of the given times.</param>
internal sealed class Http2Streams(IExchangeSink sink, ObservationLimits limits, MemoryAccount memory, TimeProvider clock)
{
    // Heads of parallel streams; further ones are released after use.
    private const int MaxFreeHeads = 32;

    // For the dictionary: its entry, and a number that leads there.
    private const int PlaceCost = 28;

    // More places, after a burst, are released when the burst is over.
    private const int UsualPlaces = 256;

    private readonly Dictionary<int, Http2Stream> _streams = [];
    private int _places;
    private Http2Stream? _latest;

    // The client's last stream that the server will answer (GOAWAY).
    private int _lastServed = int.MaxValue;

    /// <summary>The source of empty heads.</summary>
    public MessageHeads Heads { get; } = new(limits.HeadBytes, memory, MaxFreeHeads);

    /// <summary>The latest stream of the client; numbers only grow.</summary>
    public int LastOpened { get; private set; }

    /// <summary>The number of open streams.</summary>
    public int Count => _streams.Count;

    /// <summary>Whether the client's side broke the protocol: streams that it opens later are not followed.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>An open stream; null if it has ended or never began.</summary>
    public Http2Stream? Find(int number)
    {
        // Frames of a stream often follow each other.
        if (_latest?.Number != number)
            _latest = _streams.GetValueOrDefault(number);
        return _latest;
    }

    /// <summary>Begins a stream.</summary>
    public void Open(int number, Exchange exchange)
    {
        memory.Take(Exchange.Cost + Http2Stream.Cost);
        if (exchange.Request.Grpc.AreOfCall)
        {
            memory.Take(GrpcCall.Cost);
            exchange.Grpc = new GrpcCall();
        }

        (LastOpened, _latest) = (number, new Http2Stream(number, exchange));
        _streams.Add(number, _latest);
        ChargePlaces();
    }

    /// <summary>Ends a stream if both of its sides have ended.</summary>
    public void EndIfWhole(Http2Stream stream, long time)
    {
        if (stream.Exchange is { IsRequested: true, IsAnswered: true })
            End(stream, ExchangeOutcome.Completed, time);
    }

    /// <summary>The client's side breaks the protocol from here on: no more of its requests can be known.</summary>
    public void CloseToRequests(long time)
    {
        IsClosed = true;
        foreach (var stream in _streams.Values.ToArray())
        {
            stream.Exchange.IsRequested = true;
            EndIfWhole(stream, time);
        }
    }

    /// <summary>Ends a stream.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="outcome">The outcome of its exchange.</param>
    /// <param name="time">The time of its end.</param>
    /// <param name="reset">The error of RST_STREAM; null if there was none.</param>
    public void End(Http2Stream stream, ExchangeOutcome outcome, long time, uint? reset = null)
    {
        (stream.Exchange.Outcome, stream.Exchange.Ended) = (outcome, time);
        _streams.Remove(stream.Number);
        _latest = null;
        if (_streams.Count == 0 && _places > UsualPlaces)
        {
            _streams.TrimExcess();
            ChargePlaces();
        }

        Report(stream.Exchange, reset);
    }

    /// <summary>The server will answer no stream of the client after this one.</summary>
    public void ServeUpTo(int number) => _lastServed = Math.Min(_lastServed, number);

    /// <summary>Ends all streams with their connection.</summary>
    public void Abandon(in ConnectionEnding ending, long time)
    {
        foreach (var (number, stream) in _streams)
        {
            var exchange = stream.Exchange;
            // A stream that the server announced not to answer was ended by neither side.
            var isRefused = ending.Cause == ExchangeOutcome.Completed && number > _lastServed && exchange.Response is null;
            (exchange.Ended, exchange.Outcome) = (time, isRefused ? ExchangeOutcome.Unmatched : ending.OutcomeOf(exchange));
            Report(exchange, reset: null);
        }

        _streams.Clear();
        _latest = null;
        memory.GiveBeside(_places * PlaceCost);
        _places = 0;
        Heads.Release();
    }

    private void ChargePlaces()
    {
        var places = _streams.EnsureCapacity(0);
        if (places == _places)
            return;
        memory.TakeBeside(places * PlaceCost);
        memory.GiveBeside(_places * PlaceCost);
        _places = places;
    }

    private void Report(Exchange exchange, uint? reset)
    {
        if (exchange.Grpc is { } call)
            call.Status = GrpcStatus.Of(exchange, reset, clock);
        sink.OnExchange(exchange);
        Heads.Return(exchange.Request);
        Heads.Return(exchange.Response);
        Heads.Return(exchange.Trailers);
        memory.Give(Exchange.Cost + Http2Stream.Cost + (exchange.Grpc is null ? 0 : GrpcCall.Cost));
    }
}
