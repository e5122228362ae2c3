using System.Globalization;
using System.Text;
using Oracle.Protocol;
using Sidecar.Connections;

namespace Sidecar.Taps;

/// <summary>The text for a tap's reader. Bytes that are not printable ASCII become dots, so that they cannot control a terminal.</summary>
internal static class TapText
{
    private const int BytesPerLine = 16;

    /// <summary>One of the watched connections.</summary>
    public static void AppendConnection(this StringBuilder text, string label, ConnectionInfo info) => text.Append(
        CultureInfo.InvariantCulture, $"{label}: {info.Listener.Role.Word()}, client {info.Client}, upstream {info.Upstream}, {info.Transform}\n");

    /// <summary>A chunk: where it passed, then its first bytes before and after the transform.</summary>
    public static void AppendChunk(this StringBuilder text, TapChunk chunk)
    {
        text.AppendSkipped(chunk.Skipped);
        var way = chunk.Point.Direction == Direction.Request ? "client to upstream" : "upstream to client";
        text.Append(
            CultureInfo.InvariantCulture,
            $"\n+{chunk.Time.TotalSeconds:F3} s {chunk.Point.Label}, {way}, offset {chunk.Offset}, {chunk.Length} {(chunk.Length == 1 ? "byte" : "bytes")}");
        if (chunk.After is not null && chunk.Sent != chunk.Length)
            text.Append(CultureInfo.InvariantCulture, $", {chunk.Sent} sent");
        text.Append('\n');
        text.AppendBytes("before", chunk.Before);
        switch (chunk.After)
        {
            case null:
                text.Append("  after   nothing: the transform failed\n");
                break;
            case []:
                text.Append("  after   nothing yet\n");
                break;
            case var after:
                text.AppendBytes("after", after);
                break;
        }
    }

    /// <summary>Chunks for which there was no room.</summary>
    public static void AppendSkipped(this StringBuilder text, long chunks)
    {
        if (chunks > 0)
            text.Append(CultureInfo.InvariantCulture, $"\n… {chunks} {(chunks == 1 ? "chunk" : "chunks")} not shown\n");
    }

    private static void AppendBytes(this StringBuilder text, string name, ReadOnlySpan<byte> bytes)
    {
        for (var start = 0; start < bytes.Length; start += BytesPerLine)
        {
            var line = bytes[start..Math.Min(start + BytesPerLine, bytes.Length)];
            text.Append(CultureInfo.InvariantCulture, $"  {(start == 0 ? name : ""),-8}");
            foreach (var value in line)
                text.Append(CultureInfo.InvariantCulture, $"{value:x2} ");
            text.Append(' ', 1 + (3 * (BytesPerLine - line.Length)));
            foreach (var value in line)
                text.Append(value is >= 0x20 and < 0x7f ? (char)value : '.');
            text.Append('\n');
        }
    }
}
