using Microsoft.AspNetCore.Connections;
using Sidecar.Configuration;
using Sidecar.Records;
using Sidecar.Telemetry;
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
    private readonly CancellationToken _stopping;
    private readonly SilenceTimer _silence;
    private readonly DirectionMeter _request;
    private readonly DirectionMeter _response;

    /// <param name="downstream">The accepted connection.</param>
    /// <param name="upstream">The connection to the upstream.</param>
    /// <param name="report">Learns the counts and how the relay ended.</param>
    /// <param name="traffic">The metrics' counters.</param>
    /// <param name="timeouts">Idle and half-closed limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stopping">Set when the process drains.</param>
    public RelayConnection(
        ConnectionContext downstream, ConnectionContext upstream, ConnectionReport report, ConnectionTraffic traffic,
        TimeoutOptions timeouts, TimeProvider time, CancellationToken stopping)
    {
        (_downstream, _upstream, _report, _timeouts, _stopping) = (downstream, upstream, report, timeouts, stopping);
        _silence = new SilenceTimer(time, timeouts.Idle, OnSilence);
        _request = new DirectionMeter(_silence, report.Downstream, report.UpstreamBytes, traffic.Request);
        _response = new DirectionMeter(_silence, report.UpstreamBytes, report.Downstream, traffic.Response);
    }

    /// <summary>Runs until both directions have ended; the report then has the reason.</summary>
    public async Task RunAsync(Codec codec)
    {
        if (_downstream is EpollConnection client && _upstream is EpollConnection server)
            client.Socket.JoinWith(server.Socket);
        var request = RunRequestAsync(codec.ToUpstream);
        var response = RunResponseAsync(codec.ToDownstream);
        await Task.WhenAny(request, response);
        if (_report.Failure is null)
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
                if (sink is EpollConnection { Socket: var socket })
                    await WhenAllIsSentAsync(socket);
                break;
            case PumpEnd.TransformFailed:
                _report.End(RelayEndReason.TransformError, result.Detail);
                break;
            default:
                _report.End(_stopping.IsCancellationRequested ? RelayEndReason.Draining : RelayEndReason.InternalError, result.Detail);
                break;
        }

        AbortBoth();
    }

    private void BeginReset(RelayEndReason reason, string? detail)
    {
        _report.End(reason, detail);
        _silence.Restart(ResetLimit);
    }

    // A reset drops what the kernel has not sent yet, and the peer has a right to all that came before it.
    private async Task WhenAllIsSentAsync(EpollSocket sink)
    {
        var pause = TimeSpan.FromMilliseconds(1);
        for (int last = int.MaxValue, unsent; (unsent = sink.Unsent) > 0; last = unsent)
        {
            if (unsent < last)
                _silence.Note();
            await sink.Loop.Delay(pause);
            pause = TimeSpan.FromMilliseconds(Math.Min(50, 2 * pause.TotalMilliseconds));
        }
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
