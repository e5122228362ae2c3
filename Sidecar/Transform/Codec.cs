using System.Buffers;
using ByteFilters;
using Oracle.Protocol;

namespace Sidecar.Transform;

/// <summary>
/// Changes the bytes of one direction of one connection, between source and sink. It can change their number, hold some back,
/// and have an end mark of its own. A pump calls it, one call at a time.
/// </summary>
internal abstract class Codec
{
    /// <summary>Takes a whole chunk. If it throws, the connection ends.</summary>
    /// <param name="chunk">The bytes of the source; the codec can overwrite them.</param>
    /// <param name="output">Empty; for the bytes to send, unless they are the chunk itself.</param>
    /// <returns>True to send the chunk, changed in place; false to send the output, which can be empty.</returns>
    public abstract bool Apply(Span<byte> chunk, IBufferWriter<byte> output);

    /// <summary>
    /// The source has ended its stream. The codec writes the bytes that it has held back, and its own end mark. The last call.
    /// </summary>
    /// <param name="output">Empty; for the last bytes to send.</param>
    /// <returns>Whether the stream is complete. If not, the sink gets a reset after these bytes.</returns>
    public abstract bool Finish(IBufferWriter<byte> output);

    /// <summary>The direction ends without <see cref="Finish"/>. The last call.</summary>
    public abstract void Abort();
}

/// <summary>A transform as a codec: the same number of bytes, at once and in place.</summary>
/// <param name="transform">The transform of the bytes.</param>
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
/// <param name="ToUpstream">For bytes of the client's side.</param>
/// <param name="ToDownstream">For bytes of the server's side.</param>
internal sealed record CodecPair(Codec ToUpstream, Codec ToDownstream)
{
    /// <summary>p1 and alone encode towards the upstream and decode its bytes; p2 does the reverse.</summary>
    public static CodecPair For(TransformExpression expression, SidecarRole role, TransformCache cache)
    {
        var (encoder, decoder) = cache.Compile(expression);
        var (first, second) = role == SidecarRole.Inbound ? (decoder, encoder) : (encoder, decoder);
        return new CodecPair(new InPlaceCodec(first.Start()), new InPlaceCodec(second.Start()));
    }
}
