using System.IO.Pipelines;
using System.Net.Sockets;
using Carrier = Pipelines.Sockets.Unofficial.SocketConnection;

namespace Sidecar.Transport.Sockets;

/// <summary>
/// The sending direction of a carried connection. The carrier reports a flush as done even when it could not send the bytes, and reports
/// the failure only later. So a flush compares the written bytes with the bytes that the carrier has sent.
/// </summary>
internal sealed class CarriedOutput(Carrier carrier, CarriedSocket raw) : PipeWriter
{
    private readonly PipeWriter _output = carrier.Output;
    private long _written;

    /// <summary>Whether the kernel has taken all written bytes.</summary>
    public bool IsAllSent => carrier.BytesSent == Volatile.Read(ref _written);

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => _output.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => _output.GetSpan(sizeHint);

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        Volatile.Write(ref _written, _written + bytes);
        _output.Advance(bytes);
    }

    /// <summary>Ends when the kernel has taken all bytes; if it does not take them, an <see cref="IOException"/> is thrown.</summary>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        CarrierCall.RunAsync(this, static (output, cancellation) => output._output.FlushAsync(cancellation), static (output, flushed) => output.Checked(flushed), cancellationToken);

    /// <inheritdoc/>
    public override void CancelPendingFlush() => _output.CancelPendingFlush();

    /// <summary>Ends the direction with a FIN. With an exception, unsent bytes are dropped.</summary>
    public override void Complete(Exception? exception = null) => raw.ShutdownSend(exception);

    private FlushResult Checked(FlushResult flushed)
    {
        if (flushed.IsCanceled || IsAllSent)
            return flushed;
        throw carrier.SocketError is not SocketError.Success and var error
            ? CarrierCall.Translate(new SocketException((int)error))
            : new IOException("The connection broke while bytes were sent");
    }
}
