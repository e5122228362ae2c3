using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidecar.Net;
using Sidecar.Options;

namespace Sidecar.Transport.Sockets;

/// <summary>Connects with the framework's sockets.</summary>
internal sealed class SocketDialer(TcpOptions tcp, TimeProvider time) : IDialer
{
    public async ValueTask<DialOutcome> DialAsync(ConnectionContext downstream, IPEndPoint address, IPAddress? source, TimeSpan timeout, CancellationToken cancel = default)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            tcp.Apply(socket);
            if (source is not null)
                Bind(socket, source);
            await socket.ConnectAsync(address, either.Token);
            // Linux connects a port to itself when source and destination are the same (RFC 9293, simultaneous open).
            if (Equals(socket.LocalEndPoint, socket.RemoteEndPoint))
                throw new SocketException((int)SocketError.ConnectionRefused);
            return new(SocketConnection.Open(socket), SocketError.Success, null);
        }
        catch (OperationCanceledException)
        {
            socket?.Dispose();
            return new(null, SocketError.TimedOut, $"{address} did not accept in time");
        }
        catch (SocketException error)
        {
            socket?.Dispose();
            return new(null, error.SocketErrorCode, $"{address}: {error.Message}");
        }
    }

    private static void Bind(Socket socket, IPAddress source)
    {
        if (OperatingSystem.IsLinux())
        {
            KernelOption.BindAddressNoPort.Set(socket, 1);
            if (source.AddressFamily == AddressFamily.InterNetworkV6)
                KernelOption.FreeBind.Set(socket, 1);
        }

        socket.Bind(new IPEndPoint(source, 0));
    }
}
