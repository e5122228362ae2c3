using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Carrier = Pipelines.Sockets.Unofficial.SocketConnection;

namespace Sidecar.Transport.Sockets;

/// <summary>
/// The sending direction of a carried connection. The carrier takes a chunk that it could not send for flushed, and tells of the failure
/// afterwards; so a flush compares what was written with what the carrier has sent.
/// </summary>
internal sealed class CarriedOutput(Carrier carrier, CarriedSocket raw) : PipeWriter
{
    private readonly PipeWriter _output = carrier.Output;
    private long _written;

    /// <summary>Whether the kernel has taken all that was written.</summary>
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

    /// <summary>Ends once the kernel has taken all; what it does not take is an <see cref="IOException"/>.</summary>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var flushing = _output.FlushAsync(cancellationToken);
            return flushing.IsCompletedSuccessfully ? new(Checked(flushing.Result)) : CheckAsync(flushing);
        }
        catch (SocketException error)
        {
            throw Translated(error);
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => _output.CancelPendingFlush();

    /// <summary>Ends the direction by a FIN. With an exception what was not sent is dropped.</summary>
    public override void Complete(Exception? exception = null) => raw.ShutdownSend(exception);

    private static IOException Translated(SocketException error) => new(error.Message, error);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> CheckAsync(ValueTask<FlushResult> flushing)
    {
        try
        {
            return Checked(await flushing.ConfigureAwait(false));
        }
        catch (SocketException error)
        {
            throw Translated(error);
        }
    }

    private FlushResult Checked(FlushResult flushed)
    {
        if (flushed.IsCanceled || IsAllSent)
            return flushed;
        throw carrier.SocketError is not SocketError.Success and var error
            ? Translated(new SocketException((int)error))
            : new IOException("The connection broke while bytes were sent");
    }
}
