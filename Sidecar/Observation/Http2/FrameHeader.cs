using System.Buffers.Binary;

namespace Sidecar.Observation.Http2;

/// <summary>The types of frames that matter here (RFC 9113, 6).</summary>
internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    ResetStream = 3,
    Settings = 4,
    PushPromise = 5,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

/// <summary>The nine bytes before a frame's payload (RFC 9113, 4.1).</summary>
internal readonly record struct FrameHeader(int Length, FrameType Type, byte Flags, int Stream)
{
    public const int Size = 9;

    private const byte EndStream = 0x1;
    private const byte EndHeaders = 0x4;
    private const byte Padded = 0x8;
    private const byte Priority = 0x20;

    public static FrameHeader Read(ReadOnlySpan<byte> bytes) =>
        new((bytes[0] << 16) | (bytes[1] << 8) | bytes[2], (FrameType)bytes[3], bytes[4], ReadStream(bytes[5..]));

    /// <summary>A stream's number, without the reserved first bit.</summary>
    public static int ReadStream(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt32BigEndian(bytes) & int.MaxValue;

    /// <summary>Whether it is the sender's last frame on its stream, except for the rest of its header block.</summary>
    public bool EndsStream => Type is FrameType.Data or FrameType.Headers && (Flags & EndStream) != 0;

    /// <summary>Whether its payload is a header block or a part of one.</summary>
    public bool HasFragment => Type is FrameType.Headers or FrameType.PushPromise or FrameType.Continuation;

    /// <summary>Whether it is the last of a header block.</summary>
    public bool EndsBlock => HasFragment && (Flags & EndHeaders) != 0;

    public bool IsPadded => Type is FrameType.Data or FrameType.Headers or FrameType.PushPromise && (Flags & Padded) != 0;

    /// <summary>Whether it acknowledges settings.</summary>
    public bool IsAcknowledgement => Type == FrameType.Settings && (Flags & 0x1) != 0;

    /// <summary>The number of payload bytes before its body: a padding's length, a priority, a number, or all of a small frame.</summary>
    public int PrefixLength => (IsPadded ? 1 : 0) + Type switch
    {
        FrameType.Headers when (Flags & Priority) != 0 => 5,
        FrameType.PushPromise or FrameType.ResetStream or FrameType.WindowUpdate => 4,
        FrameType.Settings when Length > 0 => SettingLength,
        FrameType.Ping or FrameType.GoAway => 8,
        _ => 0,
    };

    /// <summary>A setting is a number of two bytes and a value of four.</summary>
    public const int SettingLength = 6;

    /// <summary>Whether its type allows its length.</summary>
    public bool HasRightLength => Length >= PrefixLength && Type switch
    {
        FrameType.ResetStream or FrameType.WindowUpdate or FrameType.Ping => Length == PrefixLength,
        FrameType.Settings => Length % SettingLength == 0 && (Length == 0 || !IsAcknowledgement),
        _ => true,
    };

    /// <summary>Whether it is on a stream, or on none, as its type demands.</summary>
    public bool HasRightStream => Type switch
    {
        FrameType.Settings or FrameType.Ping or FrameType.GoAway => Stream == 0,
        FrameType.Data or FrameType.Headers or FrameType.ResetStream or FrameType.PushPromise or FrameType.Continuation => Stream != 0,
        _ => true,
    };
}
