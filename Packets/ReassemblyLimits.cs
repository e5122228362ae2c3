namespace Packets;

/// <summary>How much memory and time the reassembly of TCP connections may take.</summary>
public sealed record ReassemblyLimits
{
    /// <summary>The largest window that Linux offers by default (net.ipv4.tcp_rmem), in bytes: no sender is further ahead.</summary>
    public const int LargestWindow = 6 * 1024 * 1024;

    /// <summary>Connections that are read at a time; for one more, the one that is idle for the longest time is closed.</summary>
    public int MaxConnections { get; init; } = 65_536;

    /// <summary>Connections that are only remembered: closed ones, and those that nobody reads. About 250 bytes each.</summary>
    public int MaxRemembered { get; init; } = 65_536;

    /// <summary>
    /// Bytes of a direction that can wait for missing ones before these count as lost. Memory is what counts: each piece costs its buffer
    /// and <see cref="PieceBytes"/>.
    /// </summary>
    public int WaitingBytes { get; init; } = LargestWindow;

    /// <summary>The same for all connections together; the connection that holds the most gives up its missing bytes first.</summary>
    public long TotalWaitingBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>A connection without a segment for this time is closed, a remembered one forgotten.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long bytes wait for missing ones that their receiver has acknowledged: these passed, and only the capture can still bring them,
    /// from another processor's buffer.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What a waiting piece costs beside its buffer, in bytes: two objects and their part of the pool.</summary>
    public const int PieceBytes = 128;
}
