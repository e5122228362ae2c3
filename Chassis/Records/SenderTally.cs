namespace Chassis.Records;

/// <summary>The bytes of some lines, counted by sender.</summary>
/// <param name="Total">All bytes.</param>
/// <param name="OfNobody">Bytes of lines without a sender.</param>
/// <param name="Majority">The sender of more than half of all bytes; 0 if there is none.</param>
/// <param name="OfMajority">Bytes of that sender.</param>
internal readonly record struct SenderTally(long Total, long OfNobody, UInt128 Majority, long OfMajority)
{
    /// <summary>Bytes of all other senders; not those without a sender.</summary>
    public long OfOthers => Total - OfNobody - OfMajority;

    /// <summary>Counts lines in memory that does not grow with the number of senders.</summary>
    /// <param name="forEach">Goes through the lines; called twice.</param>
    public static SenderTally Of(Action<LineTaker> forEach)
    {
        var (total, nobody, lead, candidate) = (0L, 0L, 0L, default(UInt128));
        // The majority vote of Boyer and Moore, by bytes: a sender with more than half is the candidate at the end.
        forEach((sender, _, part) =>
        {
            total += part.Length;
            if (sender == 0)
                nobody += part.Length;
            if (sender == candidate)
                lead += part.Length;
            else if (lead >= part.Length)
                lead -= part.Length;
            else
                (candidate, lead) = (sender, part.Length - lead);
        });
        // The candidate can also be a sender with less than half.
        var count = candidate == 0 ? 0 : Count(forEach, candidate);
        return count > total - count ? new SenderTally(total, nobody, candidate, count) : new SenderTally(total, nobody, 0, 0);
    }

    /// <summary>Bytes of one sender.</summary>
    public static long Count(Action<LineTaker> forEach, UInt128 of)
    {
        var count = 0L;
        forEach((sender, _, part) => count += sender == of ? part.Length : 0);
        return count;
    }
}
