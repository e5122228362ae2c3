using System.Net.Sockets;
using Sidecar.Net;
using Sidecar.Transport.Epoll;
using Carrier = Pipelines.Sockets.Unofficial.SocketConnection;

namespace Sidecar.Transport.Sockets;

/// <summary>The socket of a carried connection, with its kernel options.</summary>
internal sealed class CarriedSocket(Carrier carrier) : IRawSocket
{
    private readonly Socket _socket = carrier.Socket;
    private volatile bool _finIsQueued;

    /// <summary>Whether the kernel says that the connection was reset, given up or closed on both sides. False if not on Linux.</summary>
    public bool IsOver => OperatingSystem.IsLinux() && TcpState.Read(this).IsOver;

    /// <inheritdoc/>
    public int Unacknowledged
    {
        get
        {
            if (!OperatingSystem.IsLinux())
                return 0;
            var isHeld = false;
            try
            {
                // Keeps the descriptor's number from being given to another socket during the call.
                _socket.SafeHandle.DangerousAddRef(ref isHeld);
                return Libc.Unacknowledged((int)_socket.SafeHandle.DangerousGetHandle(), _finIsQueued);
            }
            catch (ObjectDisposedException)
            {
                return 0;
            }
            finally
            {
                if (isHeld)
                    _socket.SafeHandle.DangerousRelease();
            }
        }
    }

    /// <summary>Whether anything waits in the kernel, or in the pipe of bytes that the carrier has read ahead.</summary>
    public bool HasNews
    {
        get
        {
            try
            {
                if (_socket.Poll(0, SelectMode.SelectRead))
                    return true;
                if (!carrier.Input.TryRead(out var read))
                    return false;
                carrier.Input.AdvanceTo(read.Buffer.Start);
                return true;
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or IOException or OperationCanceledException)
            {
                return true;
            }
        }
    }

    /// <inheritdoc/>
    public int GetRawOption(KernelOption option, Span<byte> value)
    {
        try
        {
            return _socket.GetRawSocketOption(option.Level, option.Name, value);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return -1;
        }
    }

    /// <inheritdoc/>
    public void SetRawOption(KernelOption option, int value)
    {
        try
        {
            option.Set(_socket, value);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The connection was aborted before, so no option is left to set.
        }
    }

    /// <inheritdoc/>
    public void ShutdownSend() => ShutdownSend(null);

    /// <summary>Sends FIN after all written bytes; with an error, unsent bytes are dropped and the FIN is sent instead.</summary>
    public void ShutdownSend(Exception? error)
    {
        // A connection that is over gets no FIN, but the framework does not report this.
        var isOver = IsOver;
        carrier.Output.Complete(error);
        _finIsQueued |= !isOver;
    }
}
