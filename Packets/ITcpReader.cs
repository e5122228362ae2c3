namespace Packets;

/// <summary>A direction of a TCP connection.</summary>
public enum TcpDirection
{
    /// <summary>From the side that connected.</summary>
    ToServer,

    /// <summary>From the side that accepted.</summary>
    ToClient,
}

/// <summary>Gets the bytes of one connection: for each direction each byte once and in order, or a gap in its place.</summary>
public interface ITcpReader
{
    /// <summary>The next bytes of a direction.</summary>
    /// <param name="direction">The direction.</param>
    /// <param name="bytes">Valid only during the call.</param>
    /// <param name="time">The time of the last packet that these bytes waited for.</param>
    public void Read(TcpDirection direction, ReadOnlySpan<byte> bytes, DateTimeOffset time);

    /// <summary>The next bytes of a direction were not captured.</summary>
    public void Gap(TcpDirection direction, long count, DateTimeOffset time);

    /// <summary>A direction has ended in order (FIN), after all its bytes.</summary>
    public void End(TcpDirection direction, DateTimeOffset time);

    /// <summary>The connection was reset (RST); the last call.</summary>
    /// <param name="direction">The direction of the segment that reset it.</param>
    /// <param name="time">The time of that segment.</param>
    public void Reset(TcpDirection direction, DateTimeOffset time);
}
