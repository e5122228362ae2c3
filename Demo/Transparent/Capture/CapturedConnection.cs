using System.Net;
using Demo.Verification;
using Packets;

namespace Demo.Transparent.Capture;

/// <summary>What a captured connection carried.</summary>
internal sealed class CapturedConnection : ITcpReader
{
    private CapturedConnection(TcpSegment opening, TapBudget budget) =>
        (Client, Server, Bytes) = (opening.From, opening.To, new TapConnection(budget));

    /// <summary>Who connected.</summary>
    public IPEndPoint Client { get; }

    /// <summary>Where to.</summary>
    public IPEndPoint Server { get; }

    /// <summary>What crossed.</summary>
    public TapConnection Bytes { get; }

    /// <summary>Whether the capture lacks bytes of it.</summary>
    public bool HasGap { get; private set; }

    /// <summary>Puts the connections of a capture together; those that it does not show from their start on are left out.</summary>
    /// <param name="segments">In the order of their coming.</param>
    /// <param name="budget">The memory for all their bytes.</param>
    public static IReadOnlyList<CapturedConnection> Assemble(IEnumerable<TcpSegment> segments, TapBudget budget)
    {
        var all = new List<CapturedConnection>();
        var reassembler = new TcpReassembler(opening =>
        {
            var connection = new CapturedConnection(opening, budget);
            all.Add(connection);
            return connection;
        });
        foreach (var segment in segments)
            reassembler.Add(segment);
        reassembler.Complete();
        return all;
    }

    public void Read(TcpDirection direction, ReadOnlySpan<byte> bytes, DateTimeOffset time) =>
        (direction == TcpDirection.ToServer ? Bytes.ToTarget : Bytes.FromTarget).Add(bytes);

    public void Gap(TcpDirection direction, long count, DateTimeOffset time) => HasGap = true;

    public void End(TcpDirection direction, DateTimeOffset time)
    {
        // What it carried is all that matters here.
    }

    public void Reset(TcpDirection direction, DateTimeOffset time)
    {
        // Likewise.
    }
}
