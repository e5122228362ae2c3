using System.Net;
using Demo.Verification;

namespace Demo.Transparent.Capture;

/// <summary>A TCP connection put together from its captured segments.</summary>
internal sealed class CapturedConnection
{
    private readonly uint _opening;
    private readonly ByteOrdering _toServer;
    private ByteOrdering? _fromServer;

    private CapturedConnection(TcpSegment opening, TapBudget budget)
    {
        (Client, Server, Bytes) = (opening.From, opening.To, new TapConnection(budget));
        _opening = opening.Sequence;
        _toServer = new ByteOrdering(opening.Sequence + 1, Bytes.ToTarget.Add);
    }

    /// <summary>Who connected.</summary>
    public IPEndPoint Client { get; }

    /// <summary>Where to.</summary>
    public IPEndPoint Server { get; }

    /// <summary>What crossed.</summary>
    public TapConnection Bytes { get; }

    /// <summary>Whether the capture lacks bytes of it.</summary>
    public bool HasGap => _toServer.HasGap || _fromServer is { HasGap: true };

    /// <summary>Puts the connections of a capture together; those that it does not show from their start on are left out.</summary>
    /// <param name="segments">In the order of their coming.</param>
    /// <param name="budget">The memory for all their bytes.</param>
    public static IReadOnlyList<CapturedConnection> Assemble(IEnumerable<TcpSegment> segments, TapBudget budget)
    {
        var all = new List<CapturedConnection>();
        var current = new Dictionary<(IPEndPoint Client, IPEndPoint Server), CapturedConnection>();
        foreach (var segment in segments)
        {
            if (segment.Opens && (!current.TryGetValue((segment.From, segment.To), out var known) || known._opening != segment.Sequence))
                all.Add(current[(segment.From, segment.To)] = new CapturedConnection(segment, budget));
            else if (current.TryGetValue((segment.From, segment.To), out var asked))
                asked._toServer.Add(segment.Sequence, segment.Opens ? default : segment.Payload);
            else if (current.TryGetValue((segment.To, segment.From), out var answered))
                answered.TakeAnswer(segment);
        }

        return all;
    }

    private void TakeAnswer(TcpSegment segment)
    {
        if (segment.IsSyn)
            _fromServer ??= new ByteOrdering(segment.Sequence + 1, Bytes.FromTarget.Add);
        else
            _fromServer?.Add(segment.Sequence, segment.Payload);
    }
}
