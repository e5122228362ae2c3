using System.Net;
using Demo.Verification;
using Packets;

namespace Demo.Transparent.Capture;

/// <summary>What a captured connection carried.</summary>
internal sealed class CapturedConnection : ITcpReader
{
    private CapturedConnection(TcpOpening opening, TapBudget budget) =>
        (Client, Server, Bytes) = (opening.Client.ToIPEndPoint(), opening.Server.ToIPEndPoint(), new TapConnection(budget));

    /// <summary>Who connected.</summary>
    public IPEndPoint Client { get; }

    /// <summary>Where to.</summary>
    public IPEndPoint Server { get; }

    /// <summary>What crossed.</summary>
    public TapConnection Bytes { get; }

    /// <summary>Whether the capture lacks bytes of it.</summary>
    public bool HasGap { get; private set; }

    public bool IsDone => false;

    /// <summary>Puts the connections of a capture together; those that it does not show from their start on are left out.</summary>
    /// <param name="frames">In the order of their coming.</param>
    /// <param name="budget">The memory for all their bytes.</param>
    public static IReadOnlyList<CapturedConnection> Assemble(IEnumerable<KeptFrame> frames, TapBudget budget)
    {
        var all = new List<CapturedConnection>();
        var reassembler = new TcpReassembler(opening =>
        {
            if (!opening.IsFromStart)
                return null;
            all.Add(new CapturedConnection(opening, budget));
            return all[^1];
        });
        foreach (var frame in frames)
        {
            if (TcpSegment.TryRead(frame.Link, frame.Bytes, frame.Bytes.Length, frame.Time, out var segment))
                reassembler.Add(segment);
        }

        reassembler.Complete();
        return all;
    }

    public void Read(TcpDirection direction, ReadOnlySpan<byte> bytes, long time) =>
        (direction == TcpDirection.ToServer ? Bytes.ToTarget : Bytes.FromTarget).Add(bytes);

    public void Gap(TcpDirection direction, long count, long time) => HasGap = true;

    public void End(TcpDirection direction, long time)
    {
        // What it carried is all that matters here.
    }

    public void Close(TcpDirection? resetBy, long time)
    {
        // Likewise.
    }
}
