using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Chassis.Records;
using Sidecar.Observation.Memory;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Builds a line of JSON as bytes. Peers can send any bytes; the line is always valid JSON and UTF-8.</summary>
internal sealed class JsonLine
{
    // A usual record has some 1,200 bytes.
    private const int UsualSize = 4 * 1024;

    // \u00ff for one byte.
    private const int MostPerByte = 6;

    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (byte)c).Except("\"\\"u8.ToArray())]);

    private readonly List<LateText> _late = [];
    private PooledBytes _bytes = new(account: null, UsualSize);
    private int _lateRoom;

    /// <summary>The line so far, without its late texts.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.Written;

    /// <summary>The texts that are not known yet.</summary>
    public ReadOnlySpan<LateText> LateTexts => CollectionsMarshal.AsSpan(_late);

    /// <summary>Its length so far, with the most that its late texts can have.</summary>
    public int Length => _bytes.Length + _lateRoom;

    /// <summary>Most bytes of the line up to which texts are written; later texts are left out. Other parts always have room.</summary>
    public int TextLimit { get; set; } = int.MaxValue;

    /// <summary>Whether something was left out.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Begins another line; the buffer returns to the pool.</summary>
    public void Clear()
    {
        (TextLimit, IsCut, _lateRoom) = (int.MaxValue, false, 0);
        _late.Clear();
        _bytes.Release();
    }

    /// <summary>Whether a text needs no escape in a string.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(Plain);

    /// <summary>Whether there is room for this number of bytes; if not, the line is cut.</summary>
    public bool HasRoomFor(int count)
    {
        if (count == 0 || count <= TextLimit - Length)
            return true;
        IsCut = true;
        return false;
    }

    /// <summary>The content of a string without escapes.</summary>
    public void PlainText(ReadOnlySpan<byte> text) => Raw(UpToLimit(text));

    /// <summary>Bytes that are JSON already. Inlined, so that constants are copied without a call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Raw(ReadOnlySpan<byte> json)
    {
        var free = _bytes.Free;
        if (json.Length > free.Length)
            free = Room(json.Length);
        json.CopyTo(free);
        _bytes.Advance(json.Length);
    }

    /// <summary>A text of ours: characters of ASCII that need no escape.</summary>
    public void Ascii(string text)
    {
        System.Text.Ascii.FromUtf16(text, Room(text.Length), out var length);
        _bytes.Advance(length);
    }

    /// <summary>A text that is valid JSON at this place, now or when it is known.</summary>
    public void Late(ILateText text)
    {
        if (text.Known.IsCompleted)
        {
            _bytes.Advance(text.Write(Room(text.MaxLength)));
            return;
        }

        _late.Add(new LateText(_bytes.Length, text));
        _lateRoom += text.MaxLength;
    }

    public void Number(long number)
    {
        const int longest = 20;
        number.TryFormat(Room(longest), out var digits, provider: CultureInfo.InvariantCulture);
        _bytes.Advance(digits);
    }

    /// <summary>A time of day by RFC 3339, in UTC.</summary>
    /// <param name="seconds">Since 1970.</param>
    /// <param name="nanoseconds">Of the second.</param>
    /// <param name="nanosecondDigits">Digits of the second's fraction: 3 or 9.</param>
    public void Time(long seconds, long nanoseconds, int nanosecondDigits)
    {
        const int longest = 32;
        var room = Room(longest);
        DateTimeOffset.FromUnixTimeSeconds(seconds).TryFormat(room, out var length, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        room[length++] = (byte)'.';
        var fraction = nanosecondDigits == 3 ? nanoseconds / 1_000_000 : nanoseconds;
        for (var digit = nanosecondDigits - 1; digit >= 0; digit--, fraction /= 10)
            room[length + digit] = (byte)('0' + (fraction % 10));
        room[length + nanosecondDigits] = (byte)'Z';
        _bytes.Advance(length + nanosecondDigits + 1);
    }

    /// <summary>The content of a string: UTF-8 unchanged, other bytes as Latin-1 characters, control characters escaped.</summary>
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
        // At the limit there is room for one character more.
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

    // Not in the middle of a character.
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

    // Writes one character; returns the number of bytes that it came from.
    private static int Special(ReadOnlySpan<byte> text, Span<byte> room, ref int length)
    {
        if (text[0] is (byte)'"' or (byte)'\\')
        {
            room[length++] = (byte)'\\';
            room[length++] = text[0];
            return 1;
        }

        // The control characters after ASCII are as dangerous for a terminal as ASCII's.
        if (Rune.DecodeFromUtf8(text, out var rune, out var count) == OperationStatus.Done && rune.Value >= 0xa0)
        {
            text[..count].CopyTo(room[length..]);
            length += count;
            return count;
        }

        // Bytes that are not UTF-8 were decoded as U+FFFD.
        var isControl = rune.Value < 0xa0;
        "\\u00"u8.CopyTo(room[length..]);
        var value = isControl ? (byte)rune.Value : text[0];
        value.TryFormat(room[(length + 4)..], out _, "x2", CultureInfo.InvariantCulture);
        length += MostPerByte;
        return isControl ? count : 1;
    }

    // The heads that a line shows limit its length, and the buffer is released when it is written.
    private Span<byte> Room(int count)
    {
        _bytes.TryMakeRoom(count);
        return _bytes.Free;
    }
}
