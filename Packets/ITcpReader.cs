namespace Packets;

/// <summary>A direction of a TCP connection.</summary>
public enum TcpDirection
{
    /// <summary>From the side that connected.</summary>
    ToServer,

    /// <summary>From the side that accepted.</summary>
    ToClient,
}

/// <summary>
/// Gets the bytes of one connection: for each direction each byte once and in order, or a gap in its place. Times are nanoseconds since 1970.
/// </summary>
public interface ITcpReader
{
    /// <summary>
    /// Whether it needs no more. It is asked after each call. Then it is closed, and the rest of the connection is ignored.
    /// </summary>
    public bool IsDone { get; }

    /// <summary>The next bytes of a direction. They start where the new bytes of a segment start.</summary>
    /// <param name="direction">The direction.</param>
    /// <param name="bytes">Valid only during the call.</param>
    /// <param name="time">The time of the last packet that these bytes waited for.</param>
    public void Read(TcpDirection direction, ReadOnlySpan<byte> bytes, long time);

    /// <summary>The next bytes of a direction were not captured.</summary>
    public void Gap(TcpDirection direction, long count, long time);

    /// <summary>A direction has ended in order (FIN), after all its bytes.</summary>
    public void End(TcpDirection direction, long time);

    /// <summary>Always the last call: both directions have ended, or the connection was reset, or no more of it is looked at.</summary>
    /// <param name="resetBy">The direction of the segment that reset it (RST); null if none did.</param>
    /// <param name="time">When.</param>
    public void Close(TcpDirection? resetBy, long time);
}
