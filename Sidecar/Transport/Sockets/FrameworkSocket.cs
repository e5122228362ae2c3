using System.Net.Sockets;

namespace Sidecar.Transport.Sockets;

/// <summary>A framework's socket asked in the kernel's form.</summary>
internal sealed class FrameworkSocket(Socket socket) : IRawSocket
{
    public int GetRawOption(int level, int name, Span<byte> value)
    {
        try
        {
            return socket.GetRawSocketOption(level, name, value);
        }
        catch (SocketException)
        {
            return -1;
        }
    }
}
