namespace Packets;

/// <summary>A connection that a capture shows for the first time.</summary>
/// <param name="Client">The end that connected.</param>
/// <param name="Server">The end that accepted.</param>
/// <param name="Time">When, in nanoseconds since 1970.</param>
/// <param name="IsFromStart">Whether its start was seen (SYN, or SYN and ACK). If not, the sides are guessed.</param>
/// <param name="Network">The network of both ends.</param>
public readonly record struct TcpOpening(TcpEnd Client, TcpEnd Server, long Time, bool IsFromStart, ulong Network = 0);
