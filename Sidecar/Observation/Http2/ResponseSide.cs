using Sidecar.Connections;
using Sidecar.Observation.Http2.Hpack;

namespace Sidecar.Observation.Http2;

/// <summary>
/// The server's frames: its header blocks are interim responses, a final one, and its trailers. A push has no request, so it is no
/// exchange.
/// </summary>
internal sealed class ResponseSide(Http2Streams streams, HpackDecoder own, HpackDecoder peers) : Http2Side(Direction.Response, streams, own, peers)
{
    private readonly Http2Streams _streams = streams;

    /// <inheritdoc/>
    public override string? OnBlock(in FrameHeader frame, ReadOnlySpan<byte> block, long started, long time)
    {
        var isPushed = frame.Type == FrameType.PushPromise || frame.Stream % 2 == 0;
        if (!isPushed && frame.Stream > _streams.LastOpened && !_streams.IsClosed)
            return "a response that nobody asked for";
        // The server can still answer a reset stream for a while.
        if (isPushed || _streams.Find(frame.Stream) is not { Exchange: { IsAnswered: false, Trailers: null } exchange } stream)
            return Skip(block);
        if (Decode(block, out var failure) is not { } head)
            return failure;

        if (!stream.AwaitsResponse)
        {
            exchange.Trailers = head;
        }
        else
        {
            // Of interim responses and the final one, the last counts.
            exchange.Responded = started;
            _streams.Heads.Return(exchange.Response);
            exchange.Response = head;
        }

        return null;
    }
}
