using System.Buffers;
using System.Text;

namespace Processes;

/// <summary>Cuts a byte stream into lines of text. A line has a limit, so a stream without line ends costs no memory.</summary>
/// <param name="onLine">Called for each line.</param>
/// <param name="maxLineBytes">Most bytes that are kept of a line; the rest is dropped, and the line gets a mark.</param>
public sealed class LinePump(Action<string> onLine, int maxLineBytes = LinePump.DefaultMaxLineBytes)
{
    /// <summary>A limit that is enough for lines that people read.</summary>
    public const int DefaultMaxLineBytes = 16 * 1024;

    private const string CutMark = " …";

    private readonly ArrayBufferWriter<byte> _line = new();
    private bool _cut;

    /// <summary>Reads to the end of the stream.</summary>
    public async Task RunAsync(Stream stream)
    {
        var chunk = new byte[4096];
        int read;
        while ((read = await stream.ReadAsync(chunk)) > 0)
            Take(chunk.AsSpan(0, read));
        if (_line.WrittenCount > 0)
            EndLine();
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOf((byte)'\n') is var end and >= 0)
        {
            Append(bytes[..end]);
            EndLine();
            bytes = bytes[(end + 1)..];
        }

        Append(bytes);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        var room = Math.Min(bytes.Length, maxLineBytes - _line.WrittenCount);
        _line.Write(bytes[..room]);
        _cut |= room < bytes.Length;
    }

    private void EndLine()
    {
        var text = Encoding.UTF8.GetString(_line.WrittenSpan).TrimEnd('\r');
        (var cut, _cut) = (_cut, false);
        _line.ResetWrittenCount();
        onLine(cut ? text + CutMark : text);
    }
}
