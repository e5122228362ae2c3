using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Sidecar.Records.Exchanges;

/// <summary>Builds a line of JSON as bytes. What others sent may be any bytes: the line is valid JSON and UTF-8 all the same.</summary>
internal sealed class JsonLine
{
    // A usual record has some 1,200 bytes; a larger line's buffer goes back with the line.
    private const int UsualSize = 16 * 1024;

    // \u00ff for one byte.
    private const int MostPerByte = 6;

    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (byte)c).Except("\"\\"u8.ToArray())]);

    private readonly byte[] _usual = new byte[UsualSize];
    private byte[] _bytes;
    private int _length;

    public JsonLine() => _bytes = _usual;

    /// <summary>What there is so far.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Its bytes so far.</summary>
    public int Length => _length;

    /// <summary>How far texts may go, in bytes of the line; what is beyond is left out. What is no text always has room.</summary>
    public int TextLimit { get; set; } = int.MaxValue;

    /// <summary>Whether something was left out.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Begins another line.</summary>
    public void Clear()
    {
        (_length, TextLimit, IsCut) = (0, int.MaxValue, false);
        if (_bytes != _usual)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = _usual;
    }

    /// <summary>Whether a text stands in a string as it is.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(Plain);

    /// <summary>Whether there is room for so much more; if not, the line is cut.</summary>
    public bool HasRoomFor(int count)
    {
        if (count == 0 || count <= TextLimit - _length)
            return true;
        IsCut = true;
        return false;
    }

    /// <summary>The inside of a string that is plain.</summary>
    public void PlainText(ReadOnlySpan<byte> text) => Raw(UpToLimit(text));

    /// <summary>Bytes that are JSON already. Inlined, so that what is constant is copied without a call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Raw(ReadOnlySpan<byte> json)
    {
        if (json.Length > _bytes.Length - _length)
            MakeRoom(json.Length);
        json.CopyTo(_bytes.AsSpan(_length));
        _length += json.Length;
    }

    /// <summary>Blanks, for something that comes later.</summary>
    public void Blanks(int count)
    {
        MakeRoom(count);
        _bytes.AsSpan(_length, count).Fill((byte)' ');
        _length += count;
    }

    public void Number(long number)
    {
        const int longest = 20;
        MakeRoom(longest);
        number.TryFormat(_bytes.AsSpan(_length), out var digits, provider: CultureInfo.InvariantCulture);
        _length += digits;
    }

    /// <summary>The inside of a string: UTF-8 as it is, other bytes as the Latin-1 characters that they may have been, control characters escaped.</summary>
    public void Text(ReadOnlySpan<byte> text)
    {
        text = UpToLimit(text);
        MakeRoom(text.Length);
        var strange = text.IndexOfAnyExcept(Plain);
        if (strange < 0)
            strange = text.Length;
        text[..strange].CopyTo(_bytes.AsSpan(_length));
        _length += strange;
        if (strange < text.Length)
            Escaped(text[strange..]);
    }

    private void Escaped(ReadOnlySpan<byte> text)
    {
        // At the limit one character more has room.
        MakeRoom((int)Math.Min((long)MostPerByte * text.Length, (long)TextLimit - _length + MostPerByte));
        while (!text.IsEmpty && (MostPerByte * text.Length <= TextLimit - _length || HasRoomFor(MostPerByte)))
        {
            if (Plain.Contains(text[0]))
                _bytes[_length++] = text[0];
            else
                text = text[(Special(text) - 1)..];
            text = text[1..];
        }
    }

    // Up to where a character begins.
    private ReadOnlySpan<byte> UpToLimit(ReadOnlySpan<byte> text)
    {
        if (HasRoomFor(text.Length))
            return text;
        var end = Math.Max(0, TextLimit - _length);
        for (var i = 0; i < 3 && end > 0 && (text[end] & 0xc0) == 0x80; i++)
            end--;
        return text[..end];
    }

    // Writes one character; returns of how many bytes it was made.
    private int Special(ReadOnlySpan<byte> text)
    {
        if (text[0] is (byte)'"' or (byte)'\\')
        {
            _bytes[_length++] = (byte)'\\';
            _bytes[_length++] = text[0];
            return 1;
        }

        // The control characters behind ASCII's are no more welcome on a terminal than those.
        if (Rune.DecodeFromUtf8(text, out var rune, out var count) == OperationStatus.Done && rune.Value >= 0xa0)
        {
            text[..count].CopyTo(_bytes.AsSpan(_length));
            _length += count;
            return count;
        }

        // What is no UTF-8 was decoded as U+FFFD.
        var isControl = rune.Value < 0xa0;
        "\\u00"u8.CopyTo(_bytes.AsSpan(_length));
        var value = isControl ? (byte)rune.Value : text[0];
        value.TryFormat(_bytes.AsSpan(_length + 4), out _, "x2", CultureInfo.InvariantCulture);
        _length += MostPerByte;
        return isControl ? count : 1;
    }

    private void MakeRoom(int more)
    {
        if (_length + more <= _bytes.Length)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + more, 2 * _bytes.Length));
        Bytes.CopyTo(larger);
        if (_bytes != _usual)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
