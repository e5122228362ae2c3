using ByteFilters;

namespace Sidecar.Connections;

/// <summary>The relay of a connection, for those who look on while it runs.</summary>
internal interface IRelay
{
    /// <summary>One of its directions.</summary>
    public IRelayDirection this[Direction direction] { get; }
}

/// <summary>One direction of a relay. What it does to the bytes may be exchanged between two chunks.</summary>
internal interface IRelayDirection
{
    /// <summary>From the next chunk on another transform holds. Any thread may call it.</summary>
    /// <param name="change">Makes it of the one before and of what counts the direction's bytes.</param>
    public void Exchange(Func<ByteTransform, DirectionMeter, ByteTransform> change);
}
