using ByteFilters;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Transform;

namespace Sidecar.Relay;

/// <summary>A direction's transform that shows the plain bytes to an observer: those before it where it encodes, those behind it where it decodes.</summary>
/// <param name="inner">What is done to the bytes.</param>
/// <param name="direction">Whose bytes.</param>
/// <param name="isPlainBefore">Which side of it is plain.</param>
/// <param name="observer">Whom they are shown to.</param>
internal sealed class ObservedTransform(ByteTransform inner, Direction direction, bool isPlainBefore, RelayObservation observer) : ByteTransform
{
    /// <summary>Both directions of a connection. The plain side of a pair is the client's at p1 and the service's at p2; alone it is the client's.</summary>
    public static Codec Wrap(Codec codec, SidecarRole role, RelayObservation observer) => new(
        new ObservedTransform(codec.ToUpstream, Direction.Request, role != SidecarRole.P2, observer),
        new ObservedTransform(codec.ToDownstream, Direction.Response, role == SidecarRole.P2, observer));

    public override void Apply(Span<byte> bytes)
    {
        if (isPlainBefore)
            observer.Read(direction, bytes);
        inner.Apply(bytes);
        if (!isPlainBefore)
            observer.Read(direction, bytes);
    }
}
