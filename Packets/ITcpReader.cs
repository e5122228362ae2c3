namespace Packets;

/// <summary>A direction of a TCP connection.</summary>
public enum TcpDirection
{
    /// <summary>From the one who connected.</summary>
    ToServer,

    /// <summary>From the one who was connected to.</summary>
    ToClient,
}

/// <summary>Gets what passed on one connection: of each direction each byte once and in order, or a gap in its place.</summary>
public interface ITcpReader
{
    /// <summary>The next bytes of a direction.</summary>
    /// <param name="direction">Which.</param>
    /// <param name="bytes">Valid during the call alone.</param>
    /// <param name="time">When the last of what they waited for passed.</param>
    public void Read(TcpDirection direction, ReadOnlySpan<byte> bytes, DateTimeOffset time);

    /// <summary>The next bytes of a direction were not captured.</summary>
    public void Gap(TcpDirection direction, long count, DateTimeOffset time);

    /// <summary>A direction has ended in order (FIN), behind all its bytes.</summary>
    public void End(TcpDirection direction, DateTimeOffset time);

    /// <summary>The connection was cut (RST); the last call.</summary>
    /// <param name="direction">That of the segment that cut it.</param>
    /// <param name="time">When that passed.</param>
    public void Reset(TcpDirection direction, DateTimeOffset time);
}
