namespace Packets;

/// <summary>
/// Puts TCP connections together from captured segments, in memory that is bounded by <see cref="ReassemblyLimits"/>. A capture may show
/// a segment twice. A connection whose SYN it does not show is read from its first segment with bytes on.
/// </summary>
/// <param name="open">Called for each new connection; returns its reader, or null to skip the connection.</param>
/// <param name="limits">How much memory and time it may take.</param>
public sealed class TcpReassembler(Func<TcpOpening, ITcpReader?> open, ReassemblyLimits? limits = null)
{
    // The year 2116: a capture can claim any time, and times to come are counted from it.
    private const long Latest = long.MaxValue / 2;

    private readonly ReassemblyLimits _limits = limits ?? new();
    private readonly ReassemblyCounts _counts = new();
    private readonly Dictionary<ConnectionKey, TcpConnection> _connections = [];

    // The one whose last segment is the oldest comes first.
    private readonly LinkedList<TcpConnection> _read = [];
    private readonly LinkedList<TcpConnection> _remembered = [];

    // Those with waiting bytes, in the order in which they are looked at; and by what they hold.
    private readonly LinkedList<TcpConnection> _watched = [];
    private readonly HolderHeap _holders = new();
    private long _now = long.MinValue;

    /// <summary>Connections that are read now.</summary>
    public int Connections => _read.Count;

    /// <summary>Connections that are only remembered now.</summary>
    public int Remembered => _remembered.Count;

    /// <summary>Connections that were opened for a reader so far.</summary>
    public long Opened { get; private set; }

    /// <summary>Connections that were closed because there were too many.</summary>
    public long Evicted { get; private set; }

    /// <summary>The memory of bytes that wait for missing ones, in bytes.</summary>
    public long Held => _counts.Held;

    /// <summary>How often bytes were missing.</summary>
    public long Gaps => _counts.Gaps;

    /// <summary>How many bytes were missing.</summary>
    public long GapBytes => _counts.GapBytes;

    /// <summary>Bytes that came again.</summary>
    public long Retransmitted => _counts.Retransmitted;

    /// <summary>Segments that came before bytes in front of them.</summary>
    public long OutOfOrder => _counts.OutOfOrder;

    /// <summary>Segments whose sequence number is impossible: more than 1 GB ahead, a reset outside the window, or a SYN in the midst.</summary>
    public long Ignored => _counts.Ignored;

    /// <summary>Takes the next segment, in the order of the capture.</summary>
    public void Add(in TcpSegment segment)
    {
        Advance(segment.Time);
        var connection = _connections.GetValueOrDefault(ConnectionKey.Of(segment.From, segment.To, segment.Network));
        if (connection is not null && segment.IsSyn && !connection.IsOpenedBy(segment))
        {
            // A client can send any SYN while its connection goes on. That of the server shows that there is a new one.
            if (!segment.IsAck && connection.IsRead)
            {
                _counts.Ignored++;
                return;
            }

            Forget(connection, segment.Time);
            connection = null;
        }

        connection ??= Open(segment);
        if (connection is null)
            return;
        Touch(connection);
        if (!connection.IsRead)
            return;
        var resetBy = connection.Take(segment, _now);
        if (resetBy is null && segment.IsReset)
            _counts.Ignored++;
        Settle(connection, resetBy, segment.Time);
        while (_counts.Held > _limits.TotalWaitingBytes)
        {
            var most = _holders.Top;
            most.Skip(segment.Time);
            Settle(most, resetBy: null, segment.Time);
        }
    }

    /// <summary>Time has passed: closes idle connections, and gives up missing bytes. <see cref="Add"/> does so too.</summary>
    /// <param name="time">The time, in nanoseconds since 1970.</param>
    public void Advance(long time)
    {
        _now = Math.Max(_now, Math.Min(time, Latest));
        while (_watched.First is { Value: var connection } && connection.WatchTime <= _now)
        {
            _watched.RemoveFirst();
            connection.GiveUp(_now, _now);
            Settle(connection, resetBy: null, _now);
        }

        ForgetIdle(_read);
        ForgetIdle(_remembered);
    }

    /// <summary>The capture is over: waiting bytes are passed on, and every reader is closed.</summary>
    public void Complete()
    {
        while (_read.First is { Value: var connection })
            Forget(connection, _now);
        _remembered.Clear();
        _connections.Clear();
    }

    private TcpConnection? Open(in TcpSegment segment)
    {
        if (segment.IsReset || (!segment.IsSyn && segment.Length == 0))
            return null;
        var (client, server) = SideGuess.IsOfClient(segment) ? (segment.From, segment.To) : (segment.To, segment.From);
        var opening = new TcpOpening(client, server, segment.Time, segment.IsSyn, segment.Network);
        var connection = new TcpConnection(segment, opening);
        var reader = open(opening);
        _connections.Add(connection.Key, connection);
        if (reader is null)
        {
            AddRemembered(connection);
            return connection;
        }

        if (_read.Count >= _limits.MaxConnections && _read.First is { Value: var idle })
        {
            Evicted++;
            Forget(idle, _now);
        }

        connection.Read(reader, _limits, _counts);
        Opened++;
        _read.AddLast(connection.Place);
        return connection;
    }

    private void AddRemembered(TcpConnection connection)
    {
        if (_remembered.Count >= _limits.MaxRemembered && _remembered.First is { Value: var oldest })
            Forget(oldest, _now);
        _remembered.AddLast(connection.Place);
    }

    private void Touch(TcpConnection connection)
    {
        connection.LastTime = _now;
        var list = connection.Place.List!;
        if (list.Last == connection.Place)
            return;
        list.Remove(connection.Place);
        list.AddLast(connection.Place);
    }

    // After each change of a connection: it may be over, and hold more or less.
    private void Settle(TcpConnection connection, TcpDirection? resetBy, long time)
    {
        if (resetBy is not null || connection.IsOver)
            Remember(connection, resetBy, time);
        _holders.Update(connection);
        if (!connection.IsWaiting || connection.Watch.List is not null)
            return;
        // Later than now also without patience: Advance ends.
        connection.WatchTime = _now + Math.Max(1, _limits.Patience.Ticks * TimeSpan.NanosecondsPerTick);
        _watched.AddLast(connection.Watch);
    }

    private void Remember(TcpConnection connection, TcpDirection? resetBy, long time)
    {
        Release(connection, resetBy, time);
        AddRemembered(connection);
    }

    private void Forget(TcpConnection connection, long time)
    {
        _connections.Remove(connection.Key);
        Release(connection, resetBy: null, time);
    }

    private void Release(TcpConnection connection, TcpDirection? resetBy, long time)
    {
        connection.Place.List!.Remove(connection.Place);
        connection.Watch.List?.Remove(connection.Watch);
        connection.Close(resetBy, time);
        _holders.Update(connection);
    }

    private void ForgetIdle(LinkedList<TcpConnection> connections)
    {
        var idle = _limits.Idle.Ticks * TimeSpan.NanosecondsPerTick;
        while (connections.First is { Value: var connection } && _now - connection.LastTime > idle)
            Forget(connection, _now);
    }
}
