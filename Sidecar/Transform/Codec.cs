using ByteFilters;
using Oracle.Protocol;

namespace Sidecar.Transform;

/// <summary>What is done to the bytes of each direction of one connection.</summary>
/// <param name="ToUpstream">Applied to what the client's side sends.</param>
/// <param name="ToDownstream">Applied to what the server's side sends.</param>
internal sealed record Codec(ByteTransform ToUpstream, ByteTransform ToDownstream)
{
    /// <summary>p1 and alone encode towards the upstream and decode what comes back; p2 does the reverse.</summary>
    public static Codec For(TransformExpression expression, SidecarRole role, TransformCache cache)
    {
        var (encoder, decoder) = cache.Compile(expression);
        return role == SidecarRole.P2 ? new Codec(decoder.Start(), encoder.Start()) : new Codec(encoder.Start(), decoder.Start());
    }
}
