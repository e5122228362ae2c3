using System.Net;
using Oracle.Protocol;
using Packets;
using Sidecar.Kubernetes;
using Sidecar.Observation;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Owners;
using Sidecar.Records.Exchanges;
using Sidecar.Telemetry;

namespace Sidecar.Capture;

/// <summary>Puts captured packets together to connections and observes these. All calls are of one thread, but for the counters.</summary>
internal sealed partial class CaptureObserver : IPacketSink
{
    /// <summary>The name of the capture where a sidecar has that of a listener.</summary>
    public const string ListenerName = "capture";

    private readonly ILogger _logger;
    private readonly ICaptureSource _source;
    private readonly LocalProcesses? _processes;
    private readonly PeerNames? _peers;
    private readonly TcpReassembler _reassembler;
    private readonly Queue<(SendOrPostCallback Call, object State)> _posted = new();
    private volatile CaptureFilter _filter;
    private long _packets;
    private long _others;
    private long _damaged;
    private long _lost;
    private long _live;
    private long _opened;
    private (TcpEnd End, PacketSocket Socket) _socket;

    /// <param name="source">The packets.</param>
    /// <param name="filter">Which connections are observed.</param>
    /// <param name="options">The limits of observation.</param>
    /// <param name="clock">The time of the packets.</param>
    /// <param name="memory">The memory budget of observation.</param>
    /// <param name="metrics">Gets each exchange.</param>
    /// <param name="logger">Gets a line when packets are lost.</param>
    /// <param name="recorder">Gets each exchange; null for no records.</param>
    /// <param name="processes">Finds the processes of both ends; null for a capture of another machine or time.</param>
    /// <param name="peers">Kubernetes' names; null for none.</param>
    public CaptureObserver(
        ICaptureSource source, CaptureFilter filter, ProcessOptions options, CapturedTime clock, ObservationMemory memory, ExchangeMetrics metrics, ILogger<CaptureObserver> logger,
        ExchangeRecorder? recorder = null, LocalProcesses? processes = null, PeerNames? peers = null)
    {
        (_source, _filter, _logger, _processes, _peers) = (source, filter, logger, processes, peers);
        (Clock, Memory, Metrics, Recorder, Limits) = (clock, memory, metrics, recorder, options.Observation);
        _reassembler = new TcpReassembler(Open, new ReassemblyLimits { TotalWaitingBytes = memory.Limit });
    }

    /// <summary>The time of the packets.</summary>
    public CapturedTime Clock { get; }

    /// <summary>The memory budget of all connections.</summary>
    public ObservationMemory Memory { get; }

    /// <summary>Gets each exchange.</summary>
    public ExchangeMetrics Metrics { get; }

    /// <summary>Gets each exchange; null for no records.</summary>
    public ExchangeRecorder? Recorder { get; }

    /// <summary>Limits for the kept part of a head.</summary>
    public ObservationLimits Limits { get; }

    /// <summary>Packets so far.</summary>
    public long Packets => Interlocked.Read(ref _packets);

    /// <summary>Packets that were no TCP segments.</summary>
    public long Others => Interlocked.Read(ref _others);

    /// <summary>TCP segments with a wrong checksum.</summary>
    public long Damaged => Interlocked.Read(ref _damaged);

    /// <summary>Packets that were lost on the way from the kernel.</summary>
    public long LostPackets => Interlocked.Read(ref _lost);

    /// <summary>Connections that are followed now.</summary>
    public long Connections => Interlocked.Read(ref _live);

    /// <summary>Connections that were followed so far.</summary>
    public long Opened => Interlocked.Read(ref _opened);

    /// <summary>What the reassembler counts.</summary>
    public TcpReassembler Reassembler => _reassembler;

    /// <summary>Which connections are observed from now on; those that are observed already go on.</summary>
    public CaptureFilter Filter
    {
        get => _filter;
        set => _filter = value;
    }

    /// <inheritdoc/>
    public void Packet(LinkType link, ReadOnlySpan<byte> bytes, int wireLength, long time, in PacketSocket socket)
    {
        Interlocked.Increment(ref _packets);
        if (!TcpSegment.TryRead(link, bytes, wireLength, time, out var segment))
        {
            Interlocked.Increment(ref _others);
            return;
        }

        // Its receiver drops it, and its sender sends it again.
        if (!socket.IsTranslated && segment.IsDamaged)
        {
            Interlocked.Increment(ref _damaged);
            return;
        }

        Segment(segment with { Time = Clock.Continuous(time), Network = socket.Network }, socket);
    }

    /// <summary>A segment of TCP.</summary>
    public void Segment(in TcpSegment segment, in PacketSocket socket = default)
    {
        Clock.Advance(segment.Time);
        _socket = (socket.IsSender ? segment.From : segment.To, socket);
        _reassembler.Add(segment);
        _socket = default;
        RunPosted();
    }

    /// <summary>Ends waits for the outputs.</summary>
    public CancellationToken Stop { get; set; }

    /// <inheritdoc/>
    public void Lost(long count)
    {
        if (Interlocked.Add(ref _lost, count) == count)
            Log.Lost(_logger, count);
    }

    /// <inheritdoc/>
    public void Idle(long time)
    {
        time = Clock.Continuous(time);
        Clock.Advance(time);
        _reassembler.Advance(time);
        RunPosted();
    }

    /// <summary>The capture is over; the last call.</summary>
    public void Complete()
    {
        _reassembler.Complete();
        RunPosted();
    }

    /// <summary>Whether the packets are those of this machine as they pass, so that processes can be found.</summary>
    public bool HasProcesses => _processes is not null;

    /// <summary>An end of the current segment's connection, and what is known of its socket.</summary>
    public (TcpEnd End, PacketSocket Socket) Socket => _socket;

    /// <summary>The process of an end, found later.</summary>
    /// <param name="other">The other end.</param>
    /// <param name="end">The end.</param>
    /// <param name="socket">What is known of its socket.</param>
    public LocalProcess FindProcess(IPEndPoint other, IPEndPoint end, in PacketSocket socket) => _processes?.FindDetailed(other, end, socket.Group, socket.Process) ?? LocalProcess.Unknown;

    /// <summary>Kubernetes' names of a connection's ends; null for none.</summary>
    public ConnectionNames? NamesOf(IPEndPoint client, IPEndPoint server, long opened) =>
        _peers?.Begin(SidecarRole.Alone, client, server, Clock.TimeOfDay(opened)).Invoke();

    /// <summary>A connection is not observed to its end.</summary>
    public void Unobservable(ObservationFault fault, IPEndPoint client, IPEndPoint server)
    {
        Metrics.Unobservable(fault.Reason);
        if (_logger.IsEnabled(LogLevel.Debug))
            Log.Unobservable(_logger, client, server, fault.Rule);
    }

    /// <summary>An observer threw.</summary>
    public void Bug(Exception bug, IPEndPoint client, IPEndPoint server)
    {
        Metrics.Unobservable(bug is OutOfMemoryException ? Observation.Unobservable.Memory : Observation.Unobservable.InternalError);
        Log.Bug(_logger, bug, client, server);
    }

    /// <summary>Runs a call before the next packet.</summary>
    public void Post(SendOrPostCallback call, object state) => _posted.Enqueue((call, state));

    /// <summary>Nothing more of a connection is needed.</summary>
    public void Forget(IPEndPoint client, IPEndPoint server, ulong network) => _source.Ignore(client, server, network);

    /// <summary>Waits for the outputs of a capture that can wait: then nothing of it is dropped.</summary>
    public void AwaitOutputs()
    {
        while (!_source.IsLive && Recorder is { IsBehind: true } && !Stop.IsCancellationRequested)
            Thread.Sleep(1);
    }

    /// <summary>A connection has ended.</summary>
    public void Closed() => Interlocked.Decrement(ref _live);

    private CapturedConnection? Open(TcpOpening opening)
    {
        if (!_filter.Accepts(opening.Server.ToIPEndPoint()) && (opening.IsFromStart || !_filter.Accepts(opening.Client.ToIPEndPoint())))
            return null;
        Interlocked.Increment(ref _live);
        Interlocked.Increment(ref _opened);
        return new CapturedConnection(this, opening);
    }

    private void RunPosted()
    {
        while (_posted.TryDequeue(out var posted))
            posted.Call(posted.State);
    }

    private static partial class Log
    {
        [LoggerMessage(90, LogLevel.Warning, "{Count} packets were lost between the kernel and this program; sidecar_capture_packets_lost_total counts all of them. A larger --capture-buffer or a filter helps")]
        public static partial void Lost(ILogger logger, long count);

        [LoggerMessage(91, LogLevel.Debug, "The connection from {Client} to {Server} is not observed: {Reason}")]
        public static partial void Unobservable(ILogger logger, IPEndPoint client, IPEndPoint server, string reason);

        [LoggerMessage(92, LogLevel.Error, "The connection from {Client} to {Server} is not observed because of a bug")]
        public static partial void Bug(ILogger logger, Exception bug, IPEndPoint client, IPEndPoint server);
    }
}
