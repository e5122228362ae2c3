using Sidecar.Connections;
using Sidecar.Observation;
using Sidecar.Observation.Http2;
using Sidecar.Options;
using Xunit;

namespace Sidecar.Tests.Observation.Http2;

/// <summary>An observer with tight limits, and checks of what it reports.</summary>
internal sealed class FuzzedObserver : IExchangeSink
{
    private static readonly ObservationLimits Limits = new() { HeadBytes = 600 };

    private readonly Http2Observer _observer;
    private Exchange? _last;
    private readonly bool[] _goesOn = [true, true];

    public FuzzedObserver() => _observer = new Http2Observer(this, Limits, Unshared.Account(), TimeProvider.System);

    /// <summary>Tells apart what was reported.</summary>
    public long Digest { get; private set; }

    public void Read(Direction direction, byte[] bytes, int piece)
    {
        for (var start = 0; start < bytes.Length && _goesOn[(int)direction]; start += piece)
        {
            ReadOnlySpan<byte> part = bytes.AsSpan(start, Math.Min(piece, bytes.Length - start));
            _goesOn[(int)direction] = _observer.Read(direction, ref part, time: 1);
            Assert.True(_goesOn[(int)direction] ? part.IsEmpty : _observer.Failure is not null);
        }
    }

    public string? Close()
    {
        _observer.Close(new(ExchangeOutcome.Completed), time: 2);
        return _observer.Failure;
    }

    public void OnExchange(Exchange exchange)
    {
        Assert.NotSame(_last, exchange);
        _last = exchange;
        Assert.True(exchange.Outcome != ExchangeOutcome.Completed || exchange is { IsAnswered: true });
        Digest = HashCode.Combine(Digest, exchange.Outcome, exchange.RequestBytes, exchange.ResponseBytes, exchange.Grpc?.RequestMessages, exchange.Grpc?.ResponseMessages);
        Note(exchange.Request);
        if (exchange.Response is { } response)
            Note(response);
        if (exchange.Trailers is { } trailers)
            Note(trailers);
    }

    private void Note(MessageHead head)
    {
        var kept = head.Method.Length + head.Target.Length;
        var hash = default(HashCode);
        hash.AddBytes(head.Method);
        hash.AddBytes(head.Target);
        hash.Add(head.Status);
        for (var i = 0; i < head.Count; i++)
        {
            kept += head.Name(i).Length + head.Value(i).Length;
            hash.AddBytes(head.Name(i));
            hash.AddBytes(head.Value(i));
        }

        // CONNECT's authority is its target as well.
        Assert.InRange(kept, 0, 2 * Limits.HeadBytes);
        Digest = HashCode.Combine(Digest, hash.ToHashCode());
    }
}
