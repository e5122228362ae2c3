using Microsoft.AspNetCore.Connections;
using Sidecar.Configuration;
using Sidecar.Records;
using Sidecar.Transform;
using Sidecar.Transport.Epoll;

namespace Sidecar.Relay;

/// <summary>Two pumps between a downstream and an upstream connection. Each direction ends on its own; a reset is passed on as a reset.</summary>
internal sealed class RelayConnection : IDisposable
{
    // A peer that takes nothing for so long does not get what was sent before a reset.
    private static readonly TimeSpan ResetLimit = TimeSpan.FromSeconds(1);

    private readonly ConnectionContext _downstream;
    private readonly ConnectionContext _upstream;
    private readonly ConnectionReport _report;
    private readonly TimeoutOptions _timeouts;
    private readonly SilenceTimer _silence;
    private readonly DirectionMeter _request;
    private readonly DirectionMeter _response;
    private bool _isResetting;

    /// <param name="downstream">The accepted connection.</param>
    /// <param name="upstream">The connection to the upstream.</param>
    /// <param name="report">Learns the counts and how the relay ended.</param>
    /// <param name="timeouts">Idle and half-closed limits.</param>
    /// <param name="time">The clock.</param>
    public RelayConnection(
        ConnectionContext downstream, ConnectionContext upstream, ConnectionReport report, TimeoutOptions timeouts, TimeProvider time)
    {
        (_downstream, _upstream, _report, _timeouts) = (downstream, upstream, report, timeouts);
        _silence = new SilenceTimer(time, timeouts.Idle, OnSilence);
        _request = new DirectionMeter(_silence, report.Downstream, report.UpstreamBytes);
        _response = new DirectionMeter(_silence, report.UpstreamBytes, report.Downstream);
    }

    /// <summary>Runs until both directions have ended; the report then has the reason.</summary>
    public async Task RunAsync(Codec codec)
    {
        if (_downstream is EpollConnection client && _upstream is EpollConnection server)
            client.Socket.JoinWith(server.Socket);
        var request = RunRequestAsync(codec.ToUpstream);
        var response = RunResponseAsync(codec.ToDownstream);
        await Task.WhenAny(request, response);
        if (!_isResetting)
            _silence.Restart(_timeouts.HalfClosed);
        await Task.WhenAll(request, response);
        _report.Complete();
    }

    public void Dispose() => _silence.Dispose();

    private async Task RunRequestAsync(ByteTransform transform)
    {
        var result = await RunPumpAsync(_downstream, _upstream, transform, _request, RelayEndReason.ClientReset);
        await FinishAsync(result, _downstream, _upstream, RelayEndReason.ClientReset, RelayEndReason.UpstreamReset);
    }

    private async Task RunResponseAsync(ByteTransform transform)
    {
        var result = await RunPumpAsync(_upstream, _downstream, transform, _response, RelayEndReason.UpstreamReset);
        await FinishAsync(result, _upstream, _downstream, RelayEndReason.UpstreamReset, RelayEndReason.ClientReset);
    }

    private async Task<PumpResult> RunPumpAsync(
        ConnectionContext source, ConnectionContext sink, ByteTransform transform, DirectionMeter meter, RelayEndReason sourceReset)
    {
        try
        {
            return source is EpollConnection { IsDirect: true } from && sink is EpollConnection { IsDirect: true } to && from.Socket.Loop == to.Socket.Loop
                ? await new SocketPump(from, to, transform, meter, () => BeginReset(sourceReset, null)).RunAsync()
                : await PipePump.RunAsync(source.Transport.Input, sink.Transport.Output, transform, meter);
        }
        catch
        {
            // A bug: the other pump must not go on without this one.
            AbortBoth();
            throw;
        }
    }

    private async Task FinishAsync(
        PumpResult result, ConnectionContext source, ConnectionContext sink, RelayEndReason sourceReset, RelayEndReason sinkClosed)
    {
        switch (result.End)
        {
            case PumpEnd.EndOfStream:
                return;
            case PumpEnd.SinkClosed:
                // The other direction may still hold the answer that explains it.
                _report.End(sinkClosed, result.Detail);
                return;
            case PumpEnd.SourceReset:
                BeginReset(sourceReset, result.Detail);
                source.Abort();
                // A reset drops what the kernel has not sent yet, and the sink has a right to all that came before it.
                if (sink is EpollConnection { Socket: var socket })
                    await socket.WhenAllIsSentAsync(_silence.Note);
                break;
            case PumpEnd.Aborted when _isResetting:
                // The other direction closed the side that was reset, and still delivers what came from it before.
                return;
            case PumpEnd.TransformFailed:
                _report.End(RelayEndReason.TransformError, result.Detail);
                break;
            default:
                // Whoever closed the connection has given the reason before.
                _report.End(RelayEndReason.InternalError, result.Detail);
                break;
        }

        AbortBoth();
    }

    private void BeginReset(RelayEndReason reason, string? detail)
    {
        _report.End(reason, detail);
        _isResetting = true;
        _silence.Restart(ResetLimit);
    }

    private void OnSilence()
    {
        var oneEnded = _request.HasEnded || _response.HasEnded;
        _report.End(oneEnded ? RelayEndReason.HalfClosedTimeout : RelayEndReason.IdleTimeout);
        AbortBoth();
    }

    private void AbortBoth()
    {
        var reason = new ConnectionAbortedException("The relay ended the connection.");
        _downstream.Abort(reason);
        _upstream.Abort(reason);
    }
}
