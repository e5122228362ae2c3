using ByteFilters;
using Sidecar.Connections;

namespace Sidecar.Relay;

/// <summary>One direction of a relay. What it does to the bytes may be exchanged between two chunks, which is how a tap comes in.</summary>
/// <param name="transform">Applied in place.</param>
/// <param name="meter">Counts; a chunk counts as received before it is transformed.</param>
internal abstract class Pump(ByteTransform transform, DirectionMeter meter) : IRelayDirection
{
    private ByteTransform _transform = transform;

    /// <summary>For the next chunk.</summary>
    protected ByteTransform Transform => Volatile.Read(ref _transform);

    protected DirectionMeter Meter => meter;

    /// <summary>Runs until the direction has ended.</summary>
    public abstract void Start();

    /// <inheritdoc/>
    public void Exchange(Func<ByteTransform, DirectionMeter, ByteTransform> change)
    {
        lock (this)
            Volatile.Write(ref _transform, change(_transform, meter));
    }
}
