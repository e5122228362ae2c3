using System.Net;

namespace Packets;

/// <summary>
/// Puts TCP connections together from captured segments. A connection is left out if the capture does not have its first SYN. If
/// the server's SYN was not captured, the server's stream begins where its client expects it.
/// </summary>
/// <param name="open">Called for each new connection with its SYN; returns its reader, or null to skip the connection.</param>
/// <param name="maxWaiting">Bytes of a direction that can wait for missing ones before these count as lost.</param>
public sealed class TcpReassembler(Func<TcpSegment, ITcpReader?> open, int maxWaiting = TcpReassembler.DefaultMaxWaiting)
{
    /// <summary>The largest window that Linux offers by default (net.ipv4.tcp_rmem): no sender is further ahead.</summary>
    public const int DefaultMaxWaiting = 6 * 1024 * 1024;

    private readonly Dictionary<(IPEndPoint Client, IPEndPoint Server), Connection> _connections = [];
    private DateTimeOffset _last;

    /// <summary>Takes the next segment, in the order of the capture.</summary>
    public void Add(TcpSegment segment)
    {
        _last = segment.Time;
        if (segment.Opens)
            Open(segment);
        else if (_connections.TryGetValue((segment.From, segment.To), out var asked))
            Pass(asked, TcpDirection.ToServer, segment);
        else if (_connections.TryGetValue((segment.To, segment.From), out var answered))
            Pass(answered, TcpDirection.ToClient, segment);
    }

    /// <summary>The capture is over: waiting bytes are passed on.</summary>
    public void Complete()
    {
        foreach (var connection in _connections.Values)
            connection.Complete(_last);
        _connections.Clear();
    }

    private void Open(TcpSegment segment)
    {
        var key = (segment.From, segment.To);
        if (_connections.TryGetValue(key, out var known))
        {
            // A retransmission, unless the port is used again.
            if (known.Opening == segment.Sequence)
                return;
            known.Complete(segment.Time);
            _connections.Remove(key);
        }

        if (open(segment) is not { } reader)
            return;
        _connections.Add(key, new Connection(segment.Sequence, reader, maxWaiting));
        Pass(_connections[key], TcpDirection.ToServer, segment);
    }

    private void Pass(Connection connection, TcpDirection direction, TcpSegment segment)
    {
        if (!connection.Take(direction, segment))
            _connections.Remove(direction == TcpDirection.ToServer ? (segment.From, segment.To) : (segment.To, segment.From));
    }

    private sealed class Connection(uint opening, ITcpReader reader, int maxWaiting)
    {
        private readonly StreamOrder _toServer = new(TcpDirection.ToServer, opening + 1, reader, maxWaiting);
        private StreamOrder? _toClient;

        public uint Opening => opening;

        /// <returns>Whether more can come.</returns>
        public bool Take(TcpDirection direction, TcpSegment segment)
        {
            var (isSyn, isAck) = (segment.Control.HasFlag(TcpControl.Syn), segment.Control.HasFlag(TcpControl.Ack));
            if (direction == TcpDirection.ToServer && isAck)
                Begin(segment.Acknowledgement);
            else if (direction == TcpDirection.ToClient && isSyn)
                Begin(segment.Sequence + 1);
            if (segment.Control.HasFlag(TcpControl.Rst))
            {
                Complete(segment.Time);
                reader.Reset(direction, segment.Time);
                return false;
            }

            (direction == TcpDirection.ToServer ? _toServer : _toClient)?.Add(
                isSyn ? segment.Sequence + 1 : segment.Sequence, segment.Payload, segment.Control.HasFlag(TcpControl.Fin) ? segment.Length : null, segment.Time);
            return !(_toServer.HasEnded && _toClient is { HasEnded: true });
        }

        public void Complete(DateTimeOffset time)
        {
            _toServer.Complete(time);
            _toClient?.Complete(time);
        }

        private void Begin(uint first) => _toClient ??= new StreamOrder(TcpDirection.ToClient, first, reader, maxWaiting);
    }
}
