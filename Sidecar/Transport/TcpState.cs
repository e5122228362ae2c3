using System.Runtime.InteropServices;
using Sidecar.Net;

namespace Sidecar.Transport;

/// <summary>The kernel's state of a connection (struct tcp_info, linux/tcp.h; tcp_states.h).</summary>
/// <param name="IsOver">Whether it was reset, given up or closed on both sides, so that no more bytes can be acknowledged.</param>
/// <param name="Silence">How long the peer has acknowledged nothing while segments are under way to it; zero if none are.</param>
internal readonly record struct TcpState(bool IsOver, TimeSpan Silence)
{
    private const byte Close = 7;

    // Offsets of tcpi_unacked (segments) and tcpi_last_ack_recv (milliseconds).
    private const int UnderWay = 24;
    private const int LastAcknowledgement = 56;

    /// <summary>Asks the kernel. If this process has closed the socket, the connection is over.</summary>
    public static TcpState Read(IRawSocket socket)
    {
        Span<byte> info = stackalloc byte[LastAcknowledgement + sizeof(uint)];
        if (socket.GetRawOption(KernelOption.TcpInfo, info) < info.Length || info[0] == Close)
            return new TcpState(IsOver: true, TimeSpan.Zero);
        var isWaitedFor = MemoryMarshal.Read<uint>(info[UnderWay..]) > 0;
        return new TcpState(
            IsOver: false, isWaitedFor ? TimeSpan.FromMilliseconds(MemoryMarshal.Read<uint>(info[LastAcknowledgement..])) : TimeSpan.Zero);
    }
}
