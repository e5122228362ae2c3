using System.Buffers;
using System.Globalization;
using Sidecar.Observation;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>The trace that a request belongs to: its field <c>traceparent</c> (W3C Trace Context, 3.2).</summary>
internal readonly ref struct TraceContext
{
    /// <summary>The flag of a trace that the caller records.</summary>
    public const byte Sampled = 1;

    private static readonly SearchValues<byte> Hex = SearchValues.Create("0123456789abcdef"u8);

    private TraceContext(ReadOnlySpan<byte> trace, ReadOnlySpan<byte> parent, byte flags)
    {
        Trace = trace;
        Parent = parent;
        Flags = flags;
    }

    /// <summary>32 hexadecimal digits; empty if there is no trace.</summary>
    public ReadOnlySpan<byte> Trace { get; }

    /// <summary>The caller's span: 16 hexadecimal digits; empty if there is no trace.</summary>
    public ReadOnlySpan<byte> Parent { get; }

    /// <summary>The trace's flags, such as <see cref="Sampled"/>.</summary>
    public byte Flags { get; }

    /// <summary>Reads it from a request; one that is not valid counts as none.</summary>
    public static TraceContext Of(MessageHead request)
    {
        if (RecordText.Find(request, "traceparent"u8) is not (>= 0 and var index))
            return default;
        var value = request.Value(index);
        // 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01; later versions may be longer.
        if (value.Length < 55 || value[2] != '-' || value[35] != '-' || value[52] != '-' || value[..2].SequenceEqual("ff"u8)
            || (value.Length > 55 && (value[..2].SequenceEqual("00"u8) || value[55] != '-')))
            return default;
        var trace = value[3..35];
        var parent = value[36..52];
        return IsId(trace) && IsId(parent) && !value[..2].ContainsAnyExcept(Hex) && !value[53..55].ContainsAnyExcept(Hex)
            ? new TraceContext(trace, parent, byte.Parse(value[53..55], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))
            : default;
    }

    // All zeros are invalid.
    private static bool IsId(ReadOnlySpan<byte> id) => !id.ContainsAnyExcept(Hex) && id.ContainsAnyExcept((byte)'0');
}
