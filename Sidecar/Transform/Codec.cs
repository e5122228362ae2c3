using System.Buffers;
using ByteFilters;
using Oracle.Protocol;

namespace Sidecar.Transform;

/// <summary>
/// What one direction of one connection does to its bytes, between source and sink. It may change how many they are, hold some back,
/// and have an end of its own. A pump calls it, one call at a time.
/// </summary>
internal abstract class Codec
{
    /// <summary>Takes a chunk, all of it. What it throws ends the connection.</summary>
    /// <param name="chunk">What the source gave; the codec may overwrite it.</param>
    /// <param name="output">Empty; for the bytes to be sent, unless they are the chunk itself.</param>
    /// <returns>Whether the chunk, changed in place, is to be sent; else it is what was written to the output, which may be nothing.</returns>
    public abstract bool Apply(Span<byte> chunk, IBufferWriter<byte> output);

    /// <summary>The source has ended its stream. The codec writes what it has held back and its own end. No call follows.</summary>
    /// <param name="output">Empty; for the last bytes to be sent.</param>
    /// <returns>Whether the stream is whole. Where it is not, the sink gets a reset behind these bytes.</returns>
    public abstract bool Finish(IBufferWriter<byte> output);

    /// <summary>The direction ends without <see cref="Finish"/>. No call follows.</summary>
    public abstract void Abort();
}

/// <summary>A transform as a codec: as many bytes come out as go in, at once and in place.</summary>
/// <param name="transform">What is done to each byte.</param>
internal sealed class InPlaceCodec(ByteTransform transform) : Codec
{
    /// <inheritdoc/>
    public override bool Apply(Span<byte> chunk, IBufferWriter<byte> output)
    {
        transform.Apply(chunk);
        return true;
    }

    /// <inheritdoc/>
    public override bool Finish(IBufferWriter<byte> output) => true;

    /// <inheritdoc/>
    public override void Abort()
    {
    }
}

/// <summary>The codecs of both directions of one connection.</summary>
/// <param name="ToUpstream">For what the client's side sends.</param>
/// <param name="ToDownstream">For what the server's side sends.</param>
internal sealed record CodecPair(Codec ToUpstream, Codec ToDownstream)
{
    /// <summary>p1 and alone encode towards the upstream and decode what comes back; p2 does the reverse.</summary>
    public static CodecPair For(TransformExpression expression, SidecarRole role, TransformCache cache)
    {
        var (encoder, decoder) = cache.Compile(expression);
        var (first, second) = role == SidecarRole.Inbound ? (decoder, encoder) : (encoder, decoder);
        return new CodecPair(new InPlaceCodec(first.Start()), new InPlaceCodec(second.Start()));
    }
}
