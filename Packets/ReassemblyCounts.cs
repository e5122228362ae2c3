namespace Packets;

/// <summary>What the parts of a reassembly count together.</summary>
internal sealed class ReassemblyCounts
{
    public long Held { get; set; }

    public long Gaps { get; set; }

    public long GapBytes { get; set; }

    public long Retransmitted { get; set; }

    public long OutOfOrder { get; set; }

    public long Ignored { get; set; }
}
