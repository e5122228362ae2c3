using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Carrier = Pipelines.Sockets.Unofficial.SocketConnection;

namespace Sidecar.Transport.Sockets;

/// <summary>The receiving direction of a carried connection. Every network failure is an <see cref="IOException"/>.</summary>
internal sealed class CarriedInput : PipeReader
{
    private readonly Carrier _carrier;
    private readonly CarriedSocket _raw;
    private readonly CarriedOutput _output;
    private volatile bool _isCut;

    /// <param name="carrier">The part that receives.</param>
    /// <param name="raw">The carrier's socket.</param>
    /// <param name="output">The sending direction, which may see a reset first.</param>
    public CarriedInput(Carrier carrier, CarriedSocket raw, CarriedOutput output)
    {
        (_carrier, _raw, _output) = (carrier, raw, output);
#pragma warning disable CS0618 // Not every pipe calls back, but the carrier uses the framework's pipe, which does.
        carrier.Input.OnWriterCompleted(static (error, input) => ((CarriedInput)input!).OnEnded(error), this);
#pragma warning restore CS0618
    }

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        CarrierCall.RunAsync(this, static (input, cancellation) => input._carrier.Input.ReadAsync(cancellation), static (input, read) => input.Checked(read), cancellationToken);

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        try
        {
            if (!_carrier.Input.TryRead(out result))
                return false;
        }
        catch (SocketException error)
        {
            throw CarrierCall.Translate(error);
        }

        result = Checked(result);
        return true;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => _carrier.Input.AdvanceTo(consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _carrier.Input.AdvanceTo(consumed, examined);

    /// <inheritdoc/>
    public override void CancelPendingRead() => _carrier.Input.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => _carrier.Input.Complete(exception);

    // The kernel reports a reset only once. If a send got this report, a read returns a false end of stream. EPIPE is the exception: then
    // the peer's FIN came before the reset, and the end is a real one. The carrier may not know yet that its send failed, or that it
    // succeeded: so the bytes are compared again behind IsOver, since an orderly close needs all bytes sent before it.
    private void OnEnded(Exception? error) =>
        _isCut = error is null && !_output.IsAllSent && _carrier.SocketError != SocketError.Shutdown && _raw.IsOver && !_output.IsAllSent;

    private ReadResult Checked(ReadResult read) => read.IsCompleted && _isCut ? throw new ConnectionResetException("Connection reset by peer") : read;
}
