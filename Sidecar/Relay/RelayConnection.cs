using ByteFilters;
using Microsoft.AspNetCore.Connections;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Transform;
using Sidecar.Transport;

namespace Sidecar.Relay;

/// <summary>Two pumps between a downstream and an upstream connection. Each direction ends on its own; a reset is passed on as a reset.</summary>
internal sealed class RelayConnection : IRelay
{
    // Nearly every connection has ended by then, which saves the calls.
    private static readonly TimeSpan BeforeProbing = TimeSpan.FromSeconds(2);

    private readonly IRelaySocket _downstream;
    private readonly IRelaySocket _upstream;
    private readonly ConnectionInfo _info;
    private readonly TimeoutOptions _timeouts;
    private readonly TcpOptions _tcp;
    private readonly TimeProvider _time;
    private readonly RelayObservation? _observer;
    private readonly IdleTimer _silence;

    // Continuations run inline: on the thread, and event loop, of the direction that ends last.
    private readonly TaskCompletionSource _ended = new();
    private Pump? _request;
    private Pump? _response;
    private int _directions = 2;
    private bool _isResetting;
    private bool _isProbed;
    private long _acknowledged;

    /// <param name="downstream">The accepted connection.</param>
    /// <param name="upstream">The connection to the upstream.</param>
    /// <param name="info">Gets the counts and the end of the relay.</param>
    /// <param name="timeouts">Idle and half-closed limits.</param>
    /// <param name="tcp">Options of the sockets when one side has ended.</param>
    /// <param name="time">The clock; the event loop's of both connections, if there is one.</param>
    /// <param name="observer">Gets the bytes that pass, and the ends; null if the connection is not observed.</param>
    public RelayConnection(
        ConnectionContext downstream, ConnectionContext upstream, ConnectionInfo info, TimeoutOptions timeouts, TcpOptions tcp,
        TimeProvider time, RelayObservation? observer = null)
    {
        (_downstream, _upstream, _info, _timeouts, _tcp, _time, _observer) = (downstream.RelaySocket(), upstream.RelaySocket(), info, timeouts, tcp, time, observer);
        _silence = new IdleTimer(time, timeouts.Idle, OnSilence);
    }

    /// <summary>Whether one direction has ended.</summary>
    public bool IsHalfClosed => Volatile.Read(ref _directions) < 2;

    private bool MayProbe => !_isProbed && BeforeProbing < _timeouts.HalfClosed && _tcp.HalfClosedOptions.Length > 0;

    /// <summary>One of the directions of a running relay.</summary>
    public IRelayDirection this[Direction direction] => (direction == Direction.Request ? _request : _response)!;

    /// <summary>Runs until both directions have ended; then the report has the reason.</summary>
    public Task RunAsync(CodecPair codecs)
    {
        _request = new Pump(
            this, Direction.Request, _downstream, _upstream, codecs.ToUpstream, new DirectionMeter(_silence, _info.Downstream, _info.UpstreamBytes));
        _response = new Pump(
            this, Direction.Response, _upstream, _downstream, codecs.ToDownstream, new DirectionMeter(_silence, _info.UpstreamBytes, _info.Downstream));
        _downstream.WakeWhenBroken(_upstream);
        _upstream.WakeWhenBroken(_downstream);
        _observer?.Watch(this);
        _info.Relay = this;
        _request.Start();
        _response.Start();
        return _ended.Task;
    }

    /// <summary>A pump reports that its source was reset while its sink takes nothing.</summary>
    public void OnSourceBroken(Direction direction) => BeginReset(SourceReset(direction), null);

    /// <summary>A pump reports that its direction has ended.</summary>
    public void OnEnded(Direction direction, PumpResult result)
    {
        if (result.End == PumpEnd.EndOfStream)
            _observer?.End(direction);
        var (source, sink) = direction == Direction.Request ? (_downstream, _upstream) : (_upstream, _downstream);
        switch (result.End)
        {
            case PumpEnd.EndOfStream when _isResetting && direction == Direction.Request:
                // The client was reset after its end, which was read only now.
                _ = PassResetAsync(sink);
                return;
            case PumpEnd.EndOfStream:
                break;
            case PumpEnd.SinkClosed:
                // The other direction can still hold the answer that explains it; no more can come than is there.
                BeginReset(SourceReset(Other(direction)), result.Detail);
                if (direction == Direction.Response && IsHalfClosed)
                {
                    // The client was reset after its end, and the upstream must get this end.
                    _ = PassResetAsync(source);
                    return;
                }

                break;
            case PumpEnd.Aborted when _isResetting:
                // The other direction closed the side that was reset, and still delivers the bytes that came from it before.
                break;
            case PumpEnd.SourceReset or PumpEnd.Truncated:
                BeginReset(result.End == PumpEnd.SourceReset ? SourceReset(direction) : SourceTruncated(direction), result.Detail);
                source.Abort(Ended());
                _ = PassResetAsync(sink);
                return;
            case PumpEnd.CodecFailed:
                _info.End(RelayEndReason.TransformError, result.Detail);
                AbortBoth();
                break;
            default:
                // The code that closed the connection has set the reason before.
                _info.End(RelayEndReason.InternalError, result.Detail);
                AbortBoth();
                break;
        }

        Leave();
    }

    /// <summary>A bug: the other pump must not continue without this one.</summary>
    public void OnFailed(Exception bug)
    {
        _info.End(RelayEndReason.InternalError, FilterFault.OneLine(bug));
        // Before the stages continue, because they would close in order what was cut.
        AbortBoth();
        _ended.TrySetException(bug);
        Leave();
    }

    private static Direction Other(Direction direction) => direction == Direction.Request ? Direction.Response : Direction.Request;

    private static RelayEndReason SourceReset(Direction direction) =>
        direction == Direction.Request ? RelayEndReason.ClientReset : RelayEndReason.UpstreamReset;

    private static RelayEndReason SourceTruncated(Direction direction) =>
        direction == Direction.Request ? RelayEndReason.ClientTruncated : RelayEndReason.UpstreamTruncated;

    private static ConnectionAbortedException Ended() => new("The relay ended the connection.");

    private void BeginReset(RelayEndReason reason, string? detail)
    {
        _info.End(reason, detail);
        _isResetting = true;
        _acknowledged = Acknowledged();
        _silence.Restart(IRelaySocket.Patience);
    }

    private async Task PassResetAsync(IRelaySocket sink)
    {
        // A reset drops bytes that the kernel has not sent yet, but the sink must get all bytes that came before it.
        await sink.WhenAllIsSentAsync();
        AbortBoth();
        Leave();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _directions) > 0)
        {
            if (!_isResetting)
                WaitForOther();
            return;
        }

        _silence.Stop();
        if (_info.Failure is null && (_downstream.Unacknowledged > 0 || _upstream.Unacknowledged > 0))
            _ = CompleteOnceDeliveredAsync();
        else
            Complete();
    }

    private void WaitForOther() => _silence.Restart(MayProbe ? BeforeProbing : _timeouts.HalfClosed);

    private void Probe()
    {
        _isProbed = true;
        foreach (var (option, value) in _tcp.HalfClosedOptions)
        {
            _downstream.SetRawOption(option, value);
            _upstream.SetRawOption(option, value);
        }
    }

    private async Task CompleteOnceDeliveredAsync()
    {
        try
        {
            // Before the wait, so that the wait does not delay the end.
            _downstream.ShutdownSend();
            _upstream.ShutdownSend();
            var toClient = Delivery.WaitAsync(_downstream, _timeouts.HalfClosed, _time);
            var (atServer, atClient) = (await Delivery.WaitAsync(_upstream, _timeouts.HalfClosed, _time), await toClient);
            if ((atServer ?? atClient) is { } loss)
                EndFor(atServer is null ? RelayEndReason.ClientReset : RelayEndReason.UpstreamReset, loss);
        }
        catch (Exception bug)
        {
            _info.End(RelayEndReason.InternalError, FilterFault.OneLine(bug));
            AbortBoth();
            _ended.TrySetException(bug);
        }

        Complete();
    }

    private void EndFor(RelayEndReason reset, DeliveryLoss loss)
    {
        _info.End(loss.IsRefused ? reset : RelayEndReason.HalfClosedTimeout, $"{loss.Bytes} bytes were not acknowledged");
        AbortBoth();
    }

    private void Complete()
    {
        _info.Complete();
        _observer?.Close(_info.Ending.Reason);
        _ended.TrySetResult();
    }

    private void OnSilence()
    {
        // The kernel takes more from a pump only when a third of its queue is free; until then only this shows that a slow peer takes
        // bytes.
        if (_isResetting && Acknowledged() is var acknowledged && acknowledged > _acknowledged)
        {
            _acknowledged = acknowledged;
            _silence.Restart(IRelaySocket.Patience);
            return;
        }

        if (IsHalfClosed && !_isResetting && MayProbe)
        {
            Probe();
            _silence.Extend(_timeouts.HalfClosed);
            return;
        }

        var oneEnded = _info.Downstream.HasEnded || _info.UpstreamBytes.HasEnded;
        _info.End(oneEnded ? RelayEndReason.HalfClosedTimeout : RelayEndReason.IdleTimeout);
        AbortBoth();
    }

    private long Acknowledged() => _info.Downstream.Sent + _info.UpstreamBytes.Sent - _downstream.Unsent - _upstream.Unsent;

    private void AbortBoth()
    {
        var reason = Ended();
        _downstream.Abort(reason);
        _upstream.Abort(reason);
    }
}
