using System.Net.Sockets;

namespace Sidecar.Transport.Sockets;

/// <summary>A framework's socket asked in the kernel's form.</summary>
internal sealed class FrameworkSocket(Socket socket) : IRawSocket
{
    public int GetRawOption(KernelOption option, Span<byte> value)
    {
        try
        {
            return socket.GetRawSocketOption(option.Level, option.Name, value);
        }
        catch (SocketException)
        {
            return -1;
        }
    }
}
