using System.Text;

namespace Demo.Processes;

/// <summary>Cuts a byte stream into lines of text. A line has a limit, so a stream without line ends costs no memory.</summary>
internal sealed class LinePump(Action<string> onLine)
{
    /// <summary>Bytes kept of a line; the rest of a longer one is dropped and marked.</summary>
    public const int MaxLineBytes = 16 * 1024;

    private const string CutMark = " …";

    private readonly byte[] _line = new byte[MaxLineBytes];
    private int _length;
    private bool _cut;

    /// <summary>Reads to the end of the stream.</summary>
    public async Task RunAsync(Stream stream)
    {
        var chunk = new byte[4096];
        int read;
        while ((read = await stream.ReadAsync(chunk)) > 0)
            Take(chunk.AsSpan(0, read));
        if (_length > 0)
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
        var room = Math.Min(bytes.Length, _line.Length - _length);
        bytes[..room].CopyTo(_line.AsSpan(_length));
        _length += room;
        _cut |= room < bytes.Length;
    }

    private void EndLine()
    {
        var text = Encoding.UTF8.GetString(_line.AsSpan(0, _length)).TrimEnd('\r');
        (_length, var cut, _cut) = (0, _cut, false);
        onLine(cut ? text + CutMark : text);
    }
}
