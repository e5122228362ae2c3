using Oracle.Protocol;

namespace Sidecar.Transform;

/// <summary>What is done to the bytes of each direction of one connection.</summary>
/// <param name="ToUpstream">Applied to what the client's side sends.</param>
/// <param name="ToDownstream">Applied to what the server's side sends.</param>
internal sealed record Codec(ByteTransform ToUpstream, ByteTransform ToDownstream)
{
    /// <summary>p1 and alone encode towards the upstream and decode what comes back; p2 does the reverse.</summary>
    public static Codec For(TransformSpec spec, SidecarRole role) => role == SidecarRole.P2
        ? new Codec(Decoder(spec), Encoder(spec))
        : new Codec(Encoder(spec), Decoder(spec));

    private static ByteTransform Encoder(TransformSpec spec) => spec.Kind switch
    {
        TransformKind.Not => new XorTransform(0xff),
        TransformKind.Xor => new XorTransform(spec.Key),
        _ => IdentityTransform.Instance,
    };

    // Each transform of wire protocol v1 is its own inverse.
    private static ByteTransform Decoder(TransformSpec spec) => Encoder(spec);
}
