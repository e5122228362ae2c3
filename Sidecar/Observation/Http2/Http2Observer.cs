using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using Sidecar.Connections;
using Sidecar.Observation.Http2.Hpack;
using Sidecar.Observation.Memory;
using Sidecar.Options;

namespace Sidecar.Observation.Http2;

/// <summary>
/// Follows the streams of an HTTP/2 connection; each is one exchange (RFC 9113, 8.1). Every header block is decoded, also
/// those of streams that are not followed, so that the tables of both directions stay the same as the peers'.
/// </summary>
internal sealed class Http2Observer : IProtocolObserver
{
    /// <summary>Bytes that an observer, its readers and decoders use, without a stream.</summary>
    public const int Cost = 2048;

    // A header block, and its list of fields, can be four times as long as the kept part.
    private const int BlockFactor = 4;
    private const int MinHeadBytes = 64 * 1024;
    private const int MaxHeadBytes = 16 * 1024 * 1024;

    // There are a dozen settings of six bytes.
    private const int MaxSettingsBytes = 256;

    private readonly MemoryAccount _memory;
    private readonly Http2Streams _streams;
    private readonly HpackDecoder _requestFields;
    private readonly HpackDecoder _responseFields;
    private readonly RequestSide _requestSide;
    private readonly FrameReader _requests;
    private readonly FrameReader _responses;
    private bool _isBrokenFromTheStart;

    /// <param name="sink">Gets each exchange.</param>
    /// <param name="limits">Limits for the kept part of a head.</param>
    /// <param name="memory">Charged for all that the observer keeps.</param>
    /// <param name="clock">The clock of the given times.</param>
    public Http2Observer(IExchangeSink sink, ObservationLimits limits, MemoryAccount memory, TimeProvider clock)
    {
        _memory = memory;
        var maxBlockBytes = BlockFactor * Math.Clamp(limits.HeadBytes, MinHeadBytes, MaxHeadBytes);
        (_requestFields, _responseFields) = (new HpackDecoder(maxBlockBytes, memory), new HpackDecoder(maxBlockBytes, memory));
        _streams = new Http2Streams(sink, limits, memory, clock);
        _requestSide = new RequestSide(_streams, _requestFields, _responseFields);
        _requests = new FrameReader(_requestSide, isClients: true, maxBlockBytes, memory);
        _responses = new FrameReader(new ResponseSide(_streams, _responseFields, _requestFields), isClients: false, maxBlockBytes, memory);
        memory.Take(Cost);
    }

    /// <inheritdoc/>
    public string? Failure { get; private set; }

    /// <summary>
    /// The connection became HTTP/2 by Upgrade (RFC 7540, 3.2): stream 1 has a request, and all bytes read from now on
    /// are HTTP/2 in both directions, with the client's preface first. Called before any byte is read.
    /// </summary>
    /// <param name="first">The exchange of the request that asked for it; the observer owns it and its heads from now on.</param>
    /// <param name="settings">The value of the request's HTTP2-Settings field.</param>
    /// <param name="time">The time of the upgrade.</param>
    public void Upgrade(Exchange first, ReadOnlySpan<byte> settings, long time)
    {
        first.Ended = time;
        _streams.Open(1, first);
        Failure = ReadSettings(settings);
        _isBrokenFromTheStart = Failure is not null;
    }

    /// <summary>The request of <see cref="Upgrade"/> has ended, which can be later.</summary>
    public void EndUpgradedRequest(long time)
    {
        if (_streams.Find(1) is not { } stream)
            return;
        stream.Exchange.IsRequested = true;
        _streams.EndIfWhole(stream, time);
    }

    /// <inheritdoc/>
    public bool IsWaiting => !_isBrokenFromTheStart && _streams.Count > 0;

    /// <inheritdoc/>
    public bool Read(Direction direction, ref ReadOnlySpan<byte> bytes, long time)
    {
        if (_isBrokenFromTheStart)
            return false;
        var reader = direction == Direction.Request ? _requests : _responses;
        var goesOn = reader.Read(ref bytes, time);
        Failure ??= reader.Failure ?? _memory.Failure;
        if (goesOn)
            return !_memory.IsExhausted && (direction == Direction.Request || !_streams.IsClosed || IsWaiting);
        if (direction == Direction.Request)
            _streams.CloseToRequests(time);
        return false;
    }

    /// <inheritdoc/>
    public bool Skip(Direction direction, long count, long time) => false;

    /// <inheritdoc/>
    public void End(Direction direction, long time)
    {
        // The frames of a stream mark its end; streams that are incomplete get their outcome when the connection closes.
    }

    /// <inheritdoc/>
    public void Close(in ConnectionEnding ending, long time)
    {
        _streams.Abandon(ending, time);
        _requests.Release();
        _responses.Release();
        _requestFields.Release();
        _responseFields.Release();
        _memory.Give(Cost);
    }

    private string? ReadSettings(ReadOnlySpan<byte> field)
    {
        Span<byte> settings = stackalloc byte[MaxSettingsBytes];
        if (Base64Url.DecodeFromUtf8(field, settings, out _, out var length) != OperationStatus.Done || length % FrameHeader.SettingLength != 0)
            return "broken settings in an upgrade";
        for (var rest = settings[..length]; !rest.IsEmpty; rest = rest[FrameHeader.SettingLength..])
            _requestSide.OnSetting(BinaryPrimitives.ReadUInt16BigEndian(rest), BinaryPrimitives.ReadUInt32BigEndian(rest[2..]));
        return null;
    }
}
