using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Net;
using Sidecar.Options;

namespace Sidecar.Transport.Epoll;

/// <summary>Connects on the downstream connection's event loop, so that both sockets of a relay live on one thread.</summary>
internal sealed class EpollDialer(TcpOptions tcp) : IDialer
{
    public async ValueTask<DialOutcome> DialAsync(ConnectionContext downstream, IPEndPoint address, IPAddress? source, TimeSpan timeout, CancellationToken cancel = default)
    {
        var loop = downstream.Features.GetRequiredFeature<EventLoop>();
        await loop.Enter();
        if (Open(loop, address, source, out var socket) is { } refusal)
            return refusal;
        using (loop.Timers.CreateTimer(static s => ((EpollSocket)s!).Close(), socket, timeout, Timeout.InfiniteTimeSpan))
        using (cancel.UnsafeRegister(static s => GiveUp((EpollSocket)s!), socket))
        {
            await socket!.WhenWritable();
        }

        if (socket.IsClosed)
            return new(null, SocketError.TimedOut, $"{address} did not accept in time");
        var error = socket.TakeError();
        // Linux connects a port to itself when source and destination are the same (RFC 9293, simultaneous open).
        if (error == 0 && address.Equals(socket.LocalEndPoint))
            error = Libc.ConnectionRefused;
        if (error == 0)
            return new(new EpollConnection(socket, address), SocketError.Success, null);
        socket.Close();
        return Failed(address, error);
    }

    // Any thread may cancel, but only the loop's thread may use the socket.
    private static void GiveUp(EpollSocket socket) => socket.Loop.Post(static s => ((EpollSocket)s!).Close(), socket);

    private unsafe DialOutcome? Open(EventLoop loop, IPEndPoint address, IPAddress? source, out EpollSocket? socket)
    {
        socket = null;
        var bytes = stackalloc byte[KernelAddress.MaxLength];
        var family = address.AddressFamily == AddressFamily.InterNetworkV6 ? Libc.AddressFamilyV6 : Libc.AddressFamilyV4;
        var descriptor = Libc.CreateSocket(family, Libc.StreamSocket | Libc.NonBlocking | Libc.CloseOnExec, 0);
        if (descriptor < 0)
            return Failed(address, Libc.Error);
        foreach (var (option, value) in tcp.Options)
            _ = Libc.SetOption(descriptor, option, value);
        if (source is not null)
        {
            _ = Libc.SetOption(descriptor, KernelOption.BindAddressNoPort, 1);
            if (source.AddressFamily == AddressFamily.InterNetworkV6)
                _ = Libc.SetOption(descriptor, KernelOption.FreeBind, 1);
            if (Libc.Bind(descriptor, bytes, KernelAddress.Write(new IPEndPoint(source, 0), new Span<byte>(bytes, KernelAddress.MaxLength))) < 0)
                return Abandon(descriptor, address, Libc.Error);
        }

        var connected = Libc.Connect(descriptor, bytes, KernelAddress.Write(address, new Span<byte>(bytes, KernelAddress.MaxLength)));
        if (connected < 0 && Libc.Error is var error and not Libc.InProgress)
            return Abandon(descriptor, address, error);
        try
        {
            socket = EpollSocket.Open(loop, descriptor, isConnected: connected == 0);
            return null;
        }
        catch (IOException refused)
        {
            return new(null, SocketError.NoBufferSpaceAvailable, $"{address}: {refused.Message}");
        }
    }

    private static DialOutcome Abandon(int descriptor, IPEndPoint address, int error)
    {
        _ = Libc.Close(descriptor);
        return Failed(address, error);
    }

    private static DialOutcome Failed(IPEndPoint address, int error) => new(null, CodeOf(error), $"{address}: {Libc.Describe(error)}");

    // Only the errors with a reason of their own for the end of the connection, and those that are the address's failures.
    private static SocketError CodeOf(int error) => error switch
    {
        Libc.TimedOut => SocketError.TimedOut,
        Libc.ConnectionRefused => SocketError.ConnectionRefused,
        Libc.HostUnreachable => SocketError.HostUnreachable,
        Libc.NetworkUnreachable => SocketError.NetworkUnreachable,
        // EPIPE: an end of stream came before the reset (tcp_reset).
        Libc.ConnectionReset or Libc.BrokenPipe => SocketError.ConnectionReset,
        _ => SocketError.SocketError,
    };
}
