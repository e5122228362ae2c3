using Packets;

namespace Sidecar.Capture;

/// <summary>What becomes of captured packets. Called on the thread of <see cref="ICaptureSource.Run"/>.</summary>
internal interface IPacketSink
{
    /// <summary>
    /// A packet. It may come twice when both ends of a connection, or several interfaces that it passes, are on this machine.
    /// </summary>
    /// <param name="link">The header that it starts with.</param>
    /// <param name="bytes">The packet, valid until the method returns.</param>
    /// <param name="wireLength">Its length before anything was cut off.</param>
    /// <param name="time">Nanoseconds since the UNIX epoch.</param>
    /// <param name="socket">The socket that sent or received it.</param>
    public void Packet(LinkType link, ReadOnlySpan<byte> bytes, int wireLength, long time, in PacketSocket socket);

    /// <summary>Packets were lost before the next one.</summary>
    public void Lost(long count);

    /// <summary>Nothing to read now; called at least once a second.</summary>
    /// <param name="time">Nanoseconds since the UNIX epoch.</param>
    public void Idle(long time);
}
