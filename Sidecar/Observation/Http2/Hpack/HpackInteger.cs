namespace Sidecar.Observation.Http2.Hpack;

/// <summary>Numbers of HPACK (RFC 7541, 5.1): the low bits of a byte, and more bytes for larger numbers.</summary>
internal static class HpackInteger
{
    // Five groups of seven bits hold every int; a sixth could only be an attempt at overflow.
    private const int MaxShift = 28;

    /// <summary>Reads a number from the bytes; false if it is cut off or larger than an int.</summary>
    /// <param name="bytes">They begin with the number.</param>
    /// <param name="prefixBits">The number of bits of the first byte that belong to it.</param>
    /// <param name="value">The number.</param>
    public static bool TryRead(ref ReadOnlySpan<byte> bytes, int prefixBits, out int value)
    {
        value = 0;
        if (bytes.IsEmpty)
            return false;
        var max = (1 << prefixBits) - 1;
        value = bytes[0] & max;
        bytes = bytes[1..];
        if (value < max)
            return true;

        long sum = max;
        for (var shift = 0; shift <= MaxShift && !bytes.IsEmpty; shift += 7)
        {
            var group = bytes[0];
            bytes = bytes[1..];
            sum += (long)(group & 0x7F) << shift;
            if (group >= 0x80)
                continue;
            value = (int)Math.Min(sum, int.MaxValue);
            return sum <= int.MaxValue;
        }

        return false;
    }
}
