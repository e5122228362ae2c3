using System.Net.Sockets;
using Sidecar.Net;
using Sidecar.Transport.Epoll;
using Carrier = Pipelines.Sockets.Unofficial.SocketConnection;

namespace Sidecar.Transport.Sockets;

/// <summary>The socket of a carried connection, asked in the kernel's form.</summary>
internal sealed class CarriedSocket(Carrier carrier) : IRawSocket
{
    private readonly Socket _socket = carrier.Socket;
    private volatile bool _finIsQueued;

    /// <summary>Whether the kernel says that the connection was reset, given up or closed on both sides. Only Linux is asked.</summary>
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
                // So that its number cannot be another socket's meanwhile.
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

    /// <summary>Whether anything waits in the kernel, or in the pipe that the carrier reads ahead into.</summary>
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
            // Aborted before: there is nothing left to set.
        }
    }

    /// <inheritdoc/>
    public void ShutdownSend() => ShutdownSend(null);

    /// <summary>Sends FIN: behind what was written, or with an error in place of what was not sent yet.</summary>
    public void ShutdownSend(Exception? error)
    {
        // The framework hides that a connection which is over gets no FIN.
        var isOver = IsOver;
        carrier.Output.Complete(error);
        _finIsQueued |= !isOver;
    }
}
