using System.Net;
using Oracle.Protocol;
using Packets;
using Sidecar.Connections;
using Sidecar.Net;
using Sidecar.Observation;
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
    private LocalProcess? _process;
    private bool _hasBegun;
    private bool _isTurned;
    private bool _isForgotten;
    private int _ends;

    /// <param name="capture">What all connections share.</param>
    /// <param name="opening">Its first segment.</param>
    public CapturedConnection(CaptureObserver capture, in TcpOpening opening)
    {
        (_capture, _opening) = (capture, opening);
        if (opening.IsFromStart)
            Begin();
        else
            _search = new RequestSearch(capture.Memory);
    }

    /// <inheritdoc/>
    public bool IsDone => _observer is null or { IsOver: true } && _search is null;

    private IPEndPoint Client => (_isTurned ? _opening.Server : _opening.Client).ToIPEndPoint();

    private IPEndPoint Server => (_isTurned ? _opening.Client : _opening.Server).ToIPEndPoint();

    /// <inheritdoc/>
    public void Read(TcpDirection direction, ReadOnlySpan<byte> bytes, long time)
    {
        if (_search is not null && !Search(direction, bytes, time))
            return;
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
        _capture.Metrics.Ended(exchange, CaptureObserver.ListenerName);
        if (_capture.Recorder is not { } recorder)
            return;
        if (!_hasBegun)
            (_hasBegun, _records) = (true, recorder.Begin(Origin()));
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
        _process ??= _capture.FindProcess(Client, Server);
        _observer = new ConnectionObserver(this, _capture.Limits, _capture.Memory, _capture.Clock, isOfOneThread: true);
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
        if (_fault is { Reason: Unobservable.Gap } && _observer is { IsHttp2: false })
        {
            (_observer, _search) = (null, new RequestSearch(_capture.Memory));
            return;
        }

        _isForgotten = true;
        _capture.Forget(_opening.Client.ToIPEndPoint(), _opening.Server.ToIPEndPoint());
    }

    private ExchangeOutcome CauseOf(TcpDirection? resetBy) => resetBy switch
    {
        { } direction => Of(direction) == Direction.Request ? ExchangeOutcome.ClientReset : ExchangeOutcome.ServerReset,
        // Both directions have ended; otherwise nothing was seen for long, or the capture is over.
        null => _ends == 2 ? ExchangeOutcome.Completed : ExchangeOutcome.Unmatched,
    };

    private ExchangeOrigin Origin()
    {
        var client = Client;
        var server = Server;
        return new ExchangeOrigin(ConnectionId.New(), SidecarRole.Alone, Transform: null, new ClientAddress(client), server, _process!, _capture.NamesOf(client, server, _opening.Time));
    }
}
