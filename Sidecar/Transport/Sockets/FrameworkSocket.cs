using System.Net.Sockets;
using Sidecar.Net;
using Sidecar.Transport.Epoll;

namespace Sidecar.Transport.Sockets;

/// <summary>A framework's socket asked in the kernel's form.</summary>
internal sealed class FrameworkSocket(Socket socket) : IRawSocket
{
    private volatile bool _finIsQueued;

    public Socket Socket => socket;

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
                socket.SafeHandle.DangerousAddRef(ref isHeld);
                return Libc.Unacknowledged((int)socket.SafeHandle.DangerousGetHandle(), _finIsQueued);
            }
            catch (ObjectDisposedException)
            {
                return 0;
            }
            finally
            {
                if (isHeld)
                    socket.SafeHandle.DangerousRelease();
            }
        }
    }

    /// <inheritdoc/>
    public bool HasNews
    {
        get
        {
            try
            {
                return socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
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
            return socket.GetRawSocketOption(option.Level, option.Name, value);
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
            option.Set(socket, value);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Aborted before: there is nothing left to set.
        }
    }

    /// <inheritdoc/>
    public void ShutdownSend()
    {
        try
        {
            // The framework hides that a connection which is over gets no FIN.
            var isOver = TcpState.Read(this).IsOver;
            socket.Shutdown(SocketShutdown.Send);
            _finIsQueued |= !isOver;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Reset or aborted before: there is no one left to tell.
        }
    }
}
