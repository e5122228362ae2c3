using ByteFilters;
using Sidecar.Connections;

namespace Sidecar.Taps;

/// <summary>A direction's transform while taps watch it: stands in its place in the pump, and is gone with the last tap.</summary>
internal sealed class TappedTransform : ByteTransform
{
    private readonly ByteTransform _inner;
    private readonly DirectionMeter _meter;
    private readonly TapPoint[] _taps;
    private readonly int _shown;

    private TappedTransform(ByteTransform inner, DirectionMeter meter, TapPoint[] taps)
    {
        (_inner, _meter, _taps) = (inner, meter, taps);
        _shown = taps.Max(tap => tap.Tap.Bytes);
    }

    /// <summary>The transform with one tap more.</summary>
    public static ByteTransform Add(ByteTransform transform, DirectionMeter meter, TapPoint tap) =>
        transform is TappedTransform tapped ? new TappedTransform(tapped._inner, meter, [.. tapped._taps, tap]) : new TappedTransform(transform, meter, [tap]);

    /// <summary>The transform without a tap.</summary>
    public static ByteTransform Remove(ByteTransform transform, DirectionMeter meter, TapPoint tap)
    {
        if (transform is not TappedTransform tapped)
            return transform;
        var left = tapped._taps.Where(t => t != tap).ToArray();
        return left.Length == 0 ? tapped._inner : new TappedTransform(tapped._inner, meter, left);
    }

    public override void Apply(Span<byte> bytes)
    {
        Span<byte> before = stackalloc byte[Tap.MaxBytes];
        before = before[..Math.Min(_shown, bytes.Length)];
        bytes[..before.Length].CopyTo(before);
        // The pump has counted the chunk already.
        var offset = _meter.Position - bytes.Length;
        var isDone = false;
        try
        {
            _inner.Apply(bytes);
            isDone = true;
        }
        finally
        {
            foreach (var tap in _taps)
                tap.Note(offset, bytes.Length, before, isDone ? bytes[..before.Length] : []);
        }
    }
}

internal static class TapExtensions
{
    /// <summary>From the next chunk on the tap sees each one. Any thread may call it.</summary>
    public static void Attach(this IRelayDirection direction, TapPoint tap) =>
        direction.Exchange((transform, meter) => TappedTransform.Add(transform, meter, tap));

    /// <summary>From the next chunk on the tap sees none. Any thread may call it.</summary>
    public static void Detach(this IRelayDirection direction, TapPoint tap) =>
        direction.Exchange((transform, meter) => TappedTransform.Remove(transform, meter, tap));
}
