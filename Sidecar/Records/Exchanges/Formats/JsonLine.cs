using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Sidecar.Observation.Memory;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Builds a line of JSON as bytes. What others sent may be any bytes: the line is valid JSON and UTF-8 all the same.</summary>
internal sealed class JsonLine
{
    // A usual record has some 1,200 bytes.
    private const int UsualSize = 4 * 1024;

    // \u00ff for one byte.
    private const int MostPerByte = 6;

    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (byte)c).Except("\"\\"u8.ToArray())]);

    private PooledBytes _bytes = new(account: null, UsualSize);

    /// <summary>What there is so far.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.Written;

    /// <summary>Its bytes so far.</summary>
    public int Length => _bytes.Length;

    /// <summary>How far texts may go, in bytes of the line; what is beyond is left out. What is no text always has room.</summary>
    public int TextLimit { get; set; } = int.MaxValue;

    /// <summary>Whether something was left out.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Begins another line; the buffer goes back to the pool.</summary>
    public void Clear()
    {
        (TextLimit, IsCut) = (int.MaxValue, false);
        _bytes.Release();
    }

    /// <summary>Whether a text stands in a string as it is.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(Plain);

    /// <summary>Whether there is room for so much more; if not, the line is cut.</summary>
    public bool HasRoomFor(int count)
    {
        if (count == 0 || count <= TextLimit - Length)
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
        var free = _bytes.Free;
        if (json.Length > free.Length)
            free = Room(json.Length);
        json.CopyTo(free);
        _bytes.Advance(json.Length);
    }

    /// <summary>Blanks, for something that comes later.</summary>
    public void Blanks(int count)
    {
        Room(count)[..count].Fill((byte)' ');
        _bytes.Advance(count);
    }

    public void Number(long number)
    {
        const int longest = 20;
        number.TryFormat(Room(longest), out var digits, provider: CultureInfo.InvariantCulture);
        _bytes.Advance(digits);
    }

    /// <summary>The inside of a string: UTF-8 as it is, other bytes as the Latin-1 characters that they may have been, control characters escaped.</summary>
    public void Text(ReadOnlySpan<byte> text)
    {
        text = UpToLimit(text);
        var strange = text.IndexOfAnyExcept(Plain);
        if (strange < 0)
            strange = text.Length;
        Raw(text[..strange]);
        if (strange < text.Length)
            Escaped(text[strange..]);
    }

    private void Escaped(ReadOnlySpan<byte> text)
    {
        // At the limit one character more has room.
        var room = Room((int)Math.Min((long)MostPerByte * text.Length, (long)TextLimit - Length + MostPerByte));
        var length = 0;
        while (!text.IsEmpty && (MostPerByte * text.Length <= TextLimit - Length - length || HasRoomFor(length + MostPerByte)))
        {
            if (Plain.Contains(text[0]))
                room[length++] = text[0];
            else
                text = text[(Special(text, room, ref length) - 1)..];
            text = text[1..];
        }

        _bytes.Advance(length);
    }

    // Not into the middle of a character.
    private ReadOnlySpan<byte> UpToLimit(ReadOnlySpan<byte> text)
    {
        if (HasRoomFor(text.Length))
            return text;
        var end = Math.Max(0, TextLimit - Length);
        for (var before = 1; before <= Math.Min(3, end); before++)
        {
            if (Rune.DecodeFromUtf8(text[(end - before)..], out _, out var size) == OperationStatus.Done && size > before)
                return text[..(end - before)];
        }

        return text[..end];
    }

    // Writes one character; returns of how many bytes it was made.
    private static int Special(ReadOnlySpan<byte> text, Span<byte> room, ref int length)
    {
        if (text[0] is (byte)'"' or (byte)'\\')
        {
            room[length++] = (byte)'\\';
            room[length++] = text[0];
            return 1;
        }

        // The control characters behind ASCII's are no more welcome on a terminal than those.
        if (Rune.DecodeFromUtf8(text, out var rune, out var count) == OperationStatus.Done && rune.Value >= 0xa0)
        {
            text[..count].CopyTo(room[length..]);
            length += count;
            return count;
        }

        // What is no UTF-8 was decoded as U+FFFD.
        var isControl = rune.Value < 0xa0;
        "\\u00"u8.CopyTo(room[length..]);
        var value = isControl ? (byte)rune.Value : text[0];
        value.TryFormat(room[(length + 4)..], out _, "x2", CultureInfo.InvariantCulture);
        length += MostPerByte;
        return isControl ? count : 1;
    }

    // What a line has is bounded by the heads that it shows, and the buffer goes back when it is written.
    private Span<byte> Room(int count)
    {
        _bytes.TryMakeRoom(count);
        return _bytes.Free;
    }
}
