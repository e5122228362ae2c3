namespace Packets;

/// <summary>An interface of a pcapng section.</summary>
/// <param name="Link">Its link type; null for one that is not known here.</param>
/// <param name="SnapLength">The most bytes of a packet that are captured; 0 without a limit.</param>
/// <param name="Clock">What its timestamps mean.</param>
internal sealed record CapturedInterface(LinkType? Link, uint SnapLength, CaptureClock Clock)
{
    private const int FixedBytes = 8;
    private const int OptionHeader = 4;
    private const int EndOfOptions = 0;
    private const int Resolution = 9;
    private const int Offset = 14;

    /// <summary>Reads what a block says between its two lengths.</summary>
    public static CapturedInterface Read(ByteOrder order, ReadOnlySpan<byte> description)
    {
        var (resolution, offset) = (CaptureClock.Microseconds, 0L);
        for (var rest = description[FixedBytes..]; rest.Length >= OptionHeader;)
        {
            var (code, length) = (order.Short(rest), order.Short(rest[2..]));
            rest = rest[OptionHeader..];
            if (code == EndOfOptions || length > rest.Length)
                break;
            if (code == Resolution && length == 1)
                resolution = rest[0];
            else if (code == Offset && length == sizeof(long))
                offset = order.Long(rest);
            // Options are padded to 32 bits.
            rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
        }

        return new CapturedInterface(LinkTypes.Of(order.Short(description)), order.Word(description[4..]), new CaptureClock(resolution, offset));
    }
}
