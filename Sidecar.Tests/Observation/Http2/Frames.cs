using System.Buffers.Binary;
using Sidecar.Tests.Observation.Http2.Hpack;

namespace Sidecar.Tests.Observation.Http2;

/// <summary>The frames of RFC 9113, written plainly.</summary>
internal static class Frames
{
    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public static byte[] Frame(int type, int flags, int stream, params byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, (byte)type, (byte)flags, .. Number(stream), .. payload];

    public static byte[] Data(int stream, ReadOnlySpan<byte> body, bool ends = false, int? padding = null) =>
        Frame(0, (ends ? 1 : 0) | (padding is null ? 0 : 8), stream, [.. PadLength(padding), .. body, .. new byte[padding ?? 0]]);

    /// <summary>HEADERS with a whole block of plain fields.</summary>
    public static byte[] Headers(int stream, bool ends, params string[] fields) => HeaderBlock(stream, Plain(fields), ends);

    public static byte[] HeaderBlock(int stream, byte[] block, bool ends = false, bool endsBlock = true, int? padding = null, bool hasPriority = false) =>
        Frame(
            1,
            (ends ? 1 : 0) | (endsBlock ? 4 : 0) | (padding is null ? 0 : 8) | (hasPriority ? 0x20 : 0),
            stream,
            [.. PadLength(padding), .. hasPriority ? new byte[5] : [], .. block, .. new byte[padding ?? 0]]);

    public static byte[] Continuation(int stream, byte[] fragment, bool endsBlock) => Frame(9, endsBlock ? 4 : 0, stream, fragment);

    public static byte[] Reset(int stream, int error) => Frame(3, 0, stream, Number(error));

    public static byte[] Settings(params (int Setting, int Value)[] settings) =>
        Frame(4, 0, 0, [.. settings.SelectMany(setting => (byte[])[0, (byte)setting.Setting, .. Number(setting.Value)])]);

    public static byte[] SettingsAck() => Frame(4, 1, 0);

    public static byte[] PushPromise(int stream, int promised, byte[] block, int? padding = null) =>
        Frame(5, 4 | (padding is null ? 0 : 8), stream, [.. PadLength(padding), .. Number(promised), .. block, .. new byte[padding ?? 0]]);

    public static byte[] Ping() => Frame(6, 0, 0, new byte[8]);

    public static byte[] GoAway(int lastStream, int error = 0) => Frame(7, 0, 0, [.. Number(lastStream), .. Number(error), .. "bye"u8]);

    public static byte[] WindowUpdate(int stream) => Frame(8, 0, stream, Number(1000));

    /// <summary>A message of gRPC: flag, length, content.</summary>
    public static byte[] Message(int length) => [0, .. Number(length), .. new byte[length]];

    /// <summary>Fields written <c>name: value</c>, without index and without Huffman.</summary>
    public static byte[] Plain(params string[] fields) => HpackWriter.Plain(fields.Select(Split));

    public static (string Name, string Value) Split(string field)
    {
        var colon = field.IndexOf(": ", StringComparison.Ordinal);
        return (field[..colon], field[(colon + 2)..]);
    }

    public static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] PadLength(int? padding) => padding is { } length ? [(byte)length] : [];
}
