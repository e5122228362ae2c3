namespace Packets;

/// <summary>A connection by its ends, whichever of them sends.</summary>
internal readonly record struct ConnectionKey(TcpEnd Low, TcpEnd High, ulong Network)
{
    public static ConnectionKey Of(TcpEnd one, TcpEnd other, ulong network) => one.IsBefore(other) ? new(one, other, network) : new(other, one, network);
}

/// <summary>A connection that is read, or only remembered so that its later segments open nothing.</summary>
internal sealed class TcpConnection
{
    // The answer to a SYN may acknowledge bytes that came with it (TCP Fast Open, RFC 7413).
    private const uint MaxSynBytes = ushort.MaxValue;

    private StreamOrder? _toServer;
    private StreamOrder? _toClient;
    private ITcpReader? _reader;

    // The number before the client's first byte: its SYN's, if that was seen. The server's SYN only if it was seen.
    private readonly uint _opening;
    private uint? _answer;

    /// <summary>A connection that begins with a segment, or that the capture shows from there on.</summary>
    public TcpConnection(in TcpSegment segment, in TcpOpening opening)
    {
        (Opening, Place, Watch) = (opening, new(this), new(this));
        var isOfClient = segment.From == opening.Client;
        _opening = (isOfClient ? segment.FirstByte : segment.Acknowledgement) - 1;
    }

    public TcpOpening Opening { get; }

    public ConnectionKey Key => ConnectionKey.Of(Opening.Client, Opening.Server, Opening.Network);

    /// <summary>Whether it is read.</summary>
    public bool IsRead => _reader is not null;

    /// <summary>Whether the reader needs no more, or both directions have ended.</summary>
    public bool IsOver => _reader is { IsDone: true } || (_toServer is { HasEnded: true } && _toClient is { HasEnded: true });

    /// <summary>Whether bytes or an end wait for missing bytes.</summary>
    public bool IsWaiting => _toServer is { IsWaiting: true } || _toClient is { IsWaiting: true };

    /// <summary>The memory of what waits, in bytes.</summary>
    public long Cost => (_toServer?.Cost ?? 0) + (_toClient?.Cost ?? 0);

    /// <summary>When its last segment came.</summary>
    public long LastTime { get; set; }

    /// <summary>Its place among those that are read, or among those that are remembered: in the order of their last segments.</summary>
    public LinkedListNode<TcpConnection> Place { get; }

    /// <summary>Its place among those whose waiting bytes are looked at.</summary>
    public LinkedListNode<TcpConnection> Watch { get; }

    /// <summary>When they are looked at.</summary>
    public long WatchTime { get; set; }

    /// <summary>Its place in <see cref="HolderHeap"/>; -1 if it holds nothing.</summary>
    public int HolderIndex { get; set; } = -1;

    /// <summary>Its cost when it got that place.</summary>
    public long HolderCost { get; set; }

    /// <summary>Begins to read it.</summary>
    public void Read(ITcpReader reader, ReassemblyLimits limits, ReassemblyCounts counts) => (_reader, _toServer, _toClient) =
        (reader, new StreamOrder(TcpDirection.ToServer, reader, limits, counts), new StreamOrder(TcpDirection.ToClient, reader, limits, counts));

    /// <summary>Whether a segment with a SYN is one that opened this connection, again or from the other side.</summary>
    public bool IsOpenedBy(in TcpSegment segment)
    {
        if (segment.From == Opening.Client)
            return segment.Sequence == _opening;
        if (segment.IsAck)
            return segment.Acknowledgement - 1 - _opening <= MaxSynBytes && (_answer is null || _answer == segment.Sequence);
        // Both sides connected at once (RFC 9293, 3.5).
        return _answer is { } answer ? answer == segment.Sequence : _toClient is { HasBegun: false };
    }

    /// <summary>Takes a segment of it, while it is read.</summary>
    /// <returns>The direction of a segment that has reset it; otherwise null.</returns>
    public TcpDirection? Take(in TcpSegment segment, long now)
    {
        var direction = segment.From == Opening.Client ? TcpDirection.ToServer : TcpDirection.ToClient;
        var (own, other) = direction == TcpDirection.ToServer ? (_toServer!, _toClient!) : (_toClient!, _toServer!);
        if (segment.IsReset)
            return own.IsInWindow(segment.Sequence) || (!own.HasBegun && segment.IsAck && other.IsInWindow(segment.Acknowledgement)) ? direction : null;
        if (segment.IsSyn && direction == TcpDirection.ToClient)
            _answer ??= segment.Sequence;
        if (segment.IsAck)
            other.Acknowledge(segment.Acknowledgement, Opening.IsFromStart);
        if (segment.IsAck && segment.Length > 0)
            other.GiveUpBefore(segment.Acknowledgement, segment.Time);
        if (IsOver)
            return null;
        own.Add(segment, now);
        GiveUp(now, segment.Time);
        return null;
    }

    /// <summary>Gives up missing bytes that have passed, or for which too many wait.</summary>
    public void GiveUp(long now, long time)
    {
        _toServer!.GiveUp(now, time);
        _toClient!.GiveUp(now, time);
    }

    /// <summary>Gives up the missing bytes for which the most wait.</summary>
    public void Skip(long time) => (_toServer!.Cost >= _toClient!.Cost ? _toServer : _toClient).Skip(time);

    /// <summary>Passes on what waits, and closes the reader.</summary>
    public void Close(TcpDirection? resetBy, long time)
    {
        if (_reader is not { } reader)
            return;
        _toServer!.Complete(time);
        _toClient!.Complete(time);
        (_reader, _toServer, _toClient) = (null, null, null);
        reader.Close(resetBy, time);
    }
}
