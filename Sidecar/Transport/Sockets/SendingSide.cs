using System.IO.Pipelines;
using System.Net.Sockets;

namespace Sidecar.Transport.Sockets;

/// <summary>The sending direction of a socket as a stream: its end is a FIN, not the end of the socket.</summary>
internal sealed class SendingSide : NetworkStream
{
    private static readonly StreamPipeWriterOptions Options = new(minimumBufferSize: 16 * 1024, leaveOpen: false);

    private readonly FrameworkSocket _socket;

    private SendingSide(FrameworkSocket socket)
        : base(socket.Socket, ownsSocket: false) => _socket = socket;

    /// <summary>A writer whose flush waits for the kernel to take the bytes, and whose completion ends the direction.</summary>
    public static PipeWriter CreateWriter(FrameworkSocket socket) => PipeWriter.Create(new SendingSide(socket), Options);

    protected override void Dispose(bool disposing)
    {
        // The finalizer also runs where the base constructor refused a socket that was reset; there is none then.
        if (disposing)
            _socket.ShutdownSend();
        base.Dispose(disposing);
    }
}
