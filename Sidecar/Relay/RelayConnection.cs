using Microsoft.AspNetCore.Connections;
using Sidecar.Configuration;
using Sidecar.Records;
using Sidecar.Transform;

namespace Sidecar.Relay;

/// <summary>Two pumps between a downstream and an upstream connection. Each direction ends on its own; a reset is passed on as a reset.</summary>
internal sealed class RelayConnection : IDisposable
{
    private readonly ConnectionContext _downstream;
    private readonly ConnectionContext _upstream;
    private readonly ConnectionReport _report;
    private readonly TimeoutOptions _timeouts;
    private readonly SilenceTimer _silence;
    private readonly DirectionMeter _request;
    private readonly DirectionMeter _response;

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
        var request = RunRequestAsync(codec.ToUpstream);
        var response = RunResponseAsync(codec.ToDownstream);
        await Task.WhenAny(request, response);
        _silence.Restart(_timeouts.HalfClosed);
        // Both are awaited: after a closed sink the other direction may still hold the answer that explains it.
        await Task.WhenAll(request, response);
        _report.Complete();
    }

    public void Dispose() => _silence.Dispose();

    private async Task RunRequestAsync(ByteTransform transform)
    {
        var result = await RunPumpAsync(_downstream, _upstream, transform, _request);
        Finish(result, RelayEndReason.ClientReset, RelayEndReason.UpstreamReset);
    }

    private async Task RunResponseAsync(ByteTransform transform)
    {
        var result = await RunPumpAsync(_upstream, _downstream, transform, _response);
        Finish(result, RelayEndReason.UpstreamReset, RelayEndReason.ClientReset);
    }

    private async Task<PumpResult> RunPumpAsync(ConnectionContext source, ConnectionContext sink, ByteTransform transform, DirectionMeter meter)
    {
        try
        {
            return await Pump.RunAsync(source.Transport.Input, sink.Transport.Output, transform, meter);
        }
        catch
        {
            // A bug: the other pump must not go on without this one.
            AbortBoth();
            throw;
        }
    }

    private void Finish(PumpResult result, RelayEndReason sourceReset, RelayEndReason sinkClosed)
    {
        if (result.End == PumpEnd.EndOfStream)
            return;
        _report.End(
            result.End switch
            {
                PumpEnd.SourceReset => sourceReset,
                PumpEnd.SinkClosed => sinkClosed,
                PumpEnd.TransformFailed => RelayEndReason.TransformError,
                _ => RelayEndReason.InternalError,
            },
            result.Error?.Message);
        if (result.End != PumpEnd.SinkClosed)
            AbortBoth();
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
