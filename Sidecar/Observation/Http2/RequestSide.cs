using Sidecar.Connections;
using Sidecar.Observation.Http2.Hpack;

namespace Sidecar.Observation.Http2;

/// <summary>The client's frames: its header blocks are requests, or trailers of a request, which are not kept.</summary>
internal sealed class RequestSide(Http2Streams streams, HpackDecoder own, HpackDecoder peers) : Http2Side(Direction.Request, streams, own, peers)
{
    private readonly Http2Streams _streams = streams;

    /// <inheritdoc/>
    public override string? OnBlock(in FrameHeader frame, ReadOnlySpan<byte> block, long started, long time)
    {
        if (frame.Type == FrameType.PushPromise)
            return "a promise of the client's";
        // Even streams belong to the server, for pushes.
        if (frame.Stream % 2 == 0)
            return "a request on a stream of the server's";
        // A stream that is not new has its head, or was reset.
        if (frame.Stream <= _streams.LastOpened)
            return Skip(block);
        if (Decode(block, out var failure) is not { } head)
            return failure;
        SetTargetOfConnect(head);
        _streams.Open(frame.Stream, new Exchange(head, started, time));
        return null;
    }

    /// <summary>CONNECT has its target only in <c>:authority</c> (RFC 9113, 8.5).</summary>
    private static void SetTargetOfConnect(MessageHead head)
    {
        if (!head.Target.IsEmpty || !head.IsConnect)
            return;
        for (var i = 0; i < head.Count; i++)
        {
            if (head.Name(i).SequenceEqual(":authority"u8))
                head.SetTargetTo(i);
        }
    }
}
