using Sidecar.Connections;
using Sidecar.Observation.Http2.Hpack;

namespace Sidecar.Observation.Http2;

/// <summary>Applies the frames of one side to the streams, and to the header blocks of both sides.</summary>
/// <param name="direction">The direction of the frames.</param>
/// <param name="streams">The streams of both sides.</param>
/// <param name="own">Decodes this side's header blocks.</param>
/// <param name="peers">Decodes the other side's header blocks, to which this side's settings apply.</param>
internal abstract class Http2Side(Direction direction, Http2Streams streams, HpackDecoder own, HpackDecoder peers) : IFrameReceiver
{
    // SETTINGS_HEADER_TABLE_SIZE (RFC 9113, 6.5.2).
    private const ushort HeaderTableSize = 1;

    // NO_ERROR (RFC 9113, 7).
    private const uint NoError = 0;

    /// <inheritdoc/>
    public abstract string? OnBlock(in FrameHeader frame, ReadOnlySpan<byte> block, long started, long time);

    /// <inheritdoc/>
    public void OnData(int stream, ReadOnlySpan<byte> piece) => streams.Find(stream)?.OnData(direction, piece);

    /// <inheritdoc/>
    public void OnSetting(ushort setting, uint value)
    {
        if (setting == HeaderTableSize)
            peers.TableSize.Announce(value);
    }

    /// <inheritdoc/>
    public void OnFrame(in FrameHeader frame, uint value, long bytes, long time)
    {
        switch (frame.Type)
        {
            case FrameType.Settings when frame.IsAcknowledgement:
                own.TableSize.Acknowledged();
                break;
            case FrameType.Settings:
                peers.TableSize.Sent();
                break;
            case FrameType.GoAway when direction == Direction.Response:
                streams.ServeUpTo((int)(value & int.MaxValue));
                break;
            default:
                if (streams.Find(frame.Stream) is { } stream)
                    OnFrame(stream, frame, value, bytes, time);
                break;
        }
    }

    /// <summary>Decodes a block into a head of its own; null if it breaks the protocol.</summary>
    protected MessageHead? Decode(ReadOnlySpan<byte> block, out string? failure)
    {
        var head = streams.Heads.Rent();
        head.Version = HttpVersion.Http2;
        failure = own.Decode(block, head);
        if (failure is null)
            return head;
        streams.Heads.Return(head);
        return null;
    }

    /// <summary>Decodes a block that is not needed, because later blocks can refer to it.</summary>
    protected string? Skip(ReadOnlySpan<byte> block) => own.Decode(block, head: null);

    private void OnFrame(Http2Stream stream, in FrameHeader frame, uint value, long bytes, long time)
    {
        var exchange = stream.Exchange;
        if (direction == Direction.Request)
            exchange.RequestBytes += bytes;
        else
            exchange.ResponseBytes += bytes;

        if (frame.Type == FrameType.ResetStream)
        {
            // After the whole response, both sides can drop the rest of the request (RFC 9113, 8.1); the server shows this by the code.
            var isEnough = exchange.IsAnswered && (direction == Direction.Request || value == NoError);
            var reset = direction == Direction.Request ? ExchangeOutcome.ClientReset : ExchangeOutcome.ServerReset;
            streams.End(stream, isEnough ? ExchangeOutcome.Completed : reset, time, value);
        }
        else if (frame.EndsStream)
        {
            if (direction == Direction.Request)
                exchange.IsRequested = true;
            else
                exchange.IsAnswered = true;
            streams.EndIfWhole(stream, time);
        }
    }
}
