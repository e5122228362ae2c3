namespace Packets;

/// <summary>What the timestamps of a pcapng interface mean (if_tsresol, if_tsoffset).</summary>
internal readonly struct CaptureClock
{
    /// <summary>The resolution of an interface that does not say one.</summary>
    public const byte Microseconds = 6;

    private const byte IsBinary = 0x80;
    private const int NanosecondDigits = 9;
    private const long NanosecondsPerSecond = 1_000_000_000;

    // The most digits that a 128-bit number has room for.
    private const int MostDigits = 38;

    private readonly UInt128 _factor;
    private readonly UInt128 _divisor;
    private readonly Int128 _offset;

    /// <summary>A clock with a resolution, as a negative power of 10, or of 2 if its uppermost bit is set, and an offset in seconds.</summary>
    public CaptureClock(byte resolution, long offset)
    {
        var exponent = resolution & ~IsBinary;
        (_factor, _divisor) = (resolution & IsBinary) != 0
            ? (NanosecondsPerSecond, UInt128.One << exponent)
            : (Power(NanosecondDigits - exponent), Power(exponent - NanosecondDigits));
        _offset = (Int128)offset * NanosecondsPerSecond;
    }

    /// <summary>The nanoseconds since 1970 of a timestamp; a time that 64 bits cannot hold is the nearest that they can.</summary>
    public long Nanoseconds(ulong timestamp)
    {
        var nanoseconds = timestamp * _factor;
        if (_divisor != UInt128.One)
            nanoseconds /= _divisor;
        return (long)Int128.Clamp((Int128)nanoseconds + _offset, 0, long.MaxValue);
    }

    private static UInt128 Power(int exponent)
    {
        var power = UInt128.One;
        for (var at = 0; at < Math.Min(exponent, MostDigits); at++)
            power *= 10;
        return power;
    }
}
