using System.Net;
using Oracle.Protocol;
using Packets;
using Sidecar.Connections;
using Sidecar.Net;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Owners;
using Sidecar.Records.Exchanges;

namespace Sidecar.Capture;

/// <summary>
/// Feeds the bytes of a captured connection to an observer. After bytes that were not captured, and when its beginning was not, it
/// searches for the next request and begins anew there.
/// </summary>
internal sealed class CapturedConnection : ITcpReader, IConnectionWatcher
{
    private readonly CaptureObserver _capture;
    private readonly TcpOpening _opening;
    private ConnectionObserver? _observer;
    private RequestSearch? _search;
    private ObservationFault? _fault;
    private RecordChain? _records;
    private LocalProcess? _clientProcess;
    private LocalProcess? _serverProcess;
    private PacketSocket _opener;
    private PacketSocket _accepter;
    private bool _hasBegun;
    private bool _isTurned;
    private bool _isForgotten;
    private int _ends;

    /// <param name="capture">What all connections share.</param>
    /// <param name="opening">Its first segment.</param>
    public CapturedConnection(CaptureObserver capture, in TcpOpening opening)
    {
        (_capture, _opening) = (capture, opening);
        NoteSocket();
        if (opening.IsFromStart)
            Begin();
        else
            _search = new RequestSearch(capture.Memory, capture.Post, isOfHttp1: false);
    }

    /// <inheritdoc/>
    public bool IsDone => _observer is null or { IsOver: true } && _search is null;

    private IPEndPoint Client => (_isTurned ? _opening.Server : _opening.Client).ToIPEndPoint();

    private IPEndPoint Server => (_isTurned ? _opening.Client : _opening.Server).ToIPEndPoint();

    /// <inheritdoc/>
    public void Read(TcpDirection direction, ReadOnlySpan<byte> bytes, long time)
    {
        NoteSocket();
        if (_search is not null && !Search(direction, bytes, time))
            return;
        if (_capture.HasProcesses)
            Ask(Of(direction));
        _observer?.Read(Of(direction), bytes, time);
        AfterStep();
    }

    /// <inheritdoc/>
    public void Gap(TcpDirection direction, long count, long time)
    {
        _search?.Gap();
        _observer?.Gap(Of(direction), count, time);
        AfterStep();
    }

    /// <inheritdoc/>
    public void End(TcpDirection direction, long time)
    {
        _ends++;
        _observer?.End(Of(direction), time);
    }

    /// <inheritdoc/>
    public void Close(TcpDirection? resetBy, long time)
    {
        _observer?.Close(CauseOf(resetBy), time);
        _search?.Release();
        _capture.Closed();
    }

    /// <inheritdoc/>
    public void OnExchange(Exchange exchange)
    {
        var filter = _capture.Filter;
        if ((filter.Protocols & ExchangeFilter.ProtocolOf(exchange)) == RecordProtocols.None
            || (filter.HasNamespaces && !filter.Accepts(_capture.NamesOf(Client, Server, _opening.Time))))
            return;
        _capture.Metrics.Ended(exchange, CaptureObserver.ListenerName);
        if (_capture.Recorder is not { } recorder)
            return;
        if (!_hasBegun)
            (_hasBegun, _records) = (true, recorder.Begin(Origin()));
        _capture.AwaitOutputs();
        _records?.Write(exchange);
    }

    /// <inheritdoc/>
    public void OnUnobservable(ObservationFault fault)
    {
        _fault = fault;
        _capture.Unobservable(fault, Client, Server);
    }

    /// <inheritdoc/>
    public void OnBug(Exception bug) => _capture.Bug(bug, Client, Server);

    /// <inheritdoc/>
    public void Post(SendOrPostCallback call, object state) => _capture.Post(call, state);

    private Direction Of(TcpDirection direction) => direction == TcpDirection.ToServer != _isTurned ? Direction.Request : Direction.Response;

    private void Begin()
    {
        _fault = null;
        _observer = new ConnectionObserver(this, _capture.Limits, _capture.Memory, _capture.Clock, isOfOneThread: true);
    }

    private void NoteSocket()
    {
        var (end, socket) = _capture.Socket;
        // Bytes that have waited come with the segment of any connection.
        if (socket.Group == 0 || socket.Network != _opening.Network || (end != _opening.Client && end != _opening.Server))
            return;
        ref var known = ref end == _opening.Client ? ref _opener : ref _accepter;
        known = socket with { Process = socket.Process ?? known.Process };
    }

    // While both ends exist: the client's when it sends, before it has its answer; the server's when it answers, because its socket is known only then.
    private void Ask(Direction direction)
    {
        if (direction == Direction.Request)
            _clientProcess ??= _capture.FindProcess(Server, Client, _isTurned ? _accepter : _opener);
        else
            _serverProcess ??= _capture.FindProcess(Client, Server, _isTurned ? _opener : _accepter);
    }

    // Whether the observer goes on with the segment.
    private bool Search(TcpDirection direction, ReadOnlySpan<byte> bytes, long time)
    {
        var search = _search!;
        switch (search.Read(Of(direction) == Direction.Request, bytes, time))
        {
            case SearchResult.Never:
                _search = null;
                search.Release();
                OnUnobservable(new ObservationFault(Unobservable.Gap, "its beginning was not captured", Direction: null, Offset: null));
                AfterStep();
                return false;
            case SearchResult.Found:
                _search = null;
                _isTurned ^= !search.IsFromClient;
                Begin();
                foreach (var piece in search.Pieces)
                    _observer!.Read(Direction.Request, piece.Bytes, piece.Time);
                search.Release();
                // The preface of HTTP/2 is found without an answer.
                return Of(direction) == Direction.Response;
            default:
                return false;
        }
    }

    // HTTP/2 cannot be understood after a gap: its fields are compressed with what was lost.
    private void AfterStep()
    {
        if (_observer is not null and not { IsOver: true } || _search is not null || _isForgotten)
            return;
        // A client that does not wait for answers could get that of an earlier request.
        if (_fault is { Reason: Unobservable.Gap } && _observer is { IsHttp2: false, HasPipelined: false })
        {
            (_observer, _search) = (null, new RequestSearch(_capture.Memory, _capture.Post, isOfHttp1: true));
            return;
        }

        _isForgotten = true;
        _capture.Forget(_opening.Client.ToIPEndPoint(), _opening.Server.ToIPEndPoint(), _opening.Network);
    }

    private ExchangeOutcome CauseOf(TcpDirection? resetBy) => resetBy switch
    {
        { } direction => Of(direction) == Direction.Request ? ExchangeOutcome.ClientReset : ExchangeOutcome.ServerReset,
        // Both directions have ended; otherwise nothing was seen for long, or the capture is over.
        null => _ends == 2 ? ExchangeOutcome.Completed : ExchangeOutcome.Unmatched,
    };

    private ExchangeOrigin Origin()
    {
        var (client, server) = (Client, Server);
        // A server that has not answered.
        Ask(Direction.Response);
        return new ExchangeOrigin(
            ConnectionId.New(), SidecarRole.Alone, Transform: null, new ClientAddress(client), server, _serverProcess!,
            _capture.NamesOf(client, server, _opening.Time), _capture.HasProcesses ? _clientProcess ?? LocalProcess.Unknown : null);
    }
}
