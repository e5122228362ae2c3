using System.Globalization;
using System.Security.Cryptography;

namespace ByteFilters;

/// <summary>How an argument is written.</summary>
internal enum ArgumentForm
{
    /// <summary>A number, decimal or with <c>0x</c>.</summary>
    Number,

    /// <summary>Bytes as hex digits within double quotes.</summary>
    Hex,

    /// <summary>One word of a list.</summary>
    Word,
}

/// <summary>One parameter of an operator.</summary>
public sealed class TransformParameter
{
    // A word stands in errors and in the canonical form.
    private const int MaxWordLength = 64;

    private readonly int _least;
    private readonly int _most;
    private readonly IReadOnlyList<string> _words;

    private TransformParameter(ArgumentForm form, string expected, int least, int most, IReadOnlyList<string> words) =>
        (Form, Expected, _least, _most, _words) = (form, expected, least, most, words);

    /// <summary>Whether it is secret: outputs show its <see cref="TransformArgument.Shown"/>, errors nothing of it.</summary>
    internal bool IsSecret { get; private init; }

    /// <summary>The text that errors show as expected: <c>a byte 0..255</c>.</summary>
    public string Expected { get; }

    internal ArgumentForm Form { get; }

    /// <summary>A number.</summary>
    /// <param name="what">Its name in errors: <c>a byte</c>.</param>
    /// <param name="most">The greatest value; the least is 0.</param>
    public static TransformParameter Number(string what, byte most) => new(ArgumentForm.Number, $"{what} 0..{most}", 0, most, []);

    /// <summary>Bytes as hex digits within double quotes.</summary>
    /// <param name="what">Their name in errors: <c>a key</c>.</param>
    /// <param name="least">The least number of bytes.</param>
    /// <param name="most">The greatest number of bytes.</param>
    public static TransformParameter Hex(string what, int least, int most) =>
        new(ArgumentForm.Hex, $"{what} of {(least == most ? $"{2 * least}" : $"{2 * least} to {2 * most}")} hex digits in quotes", least, most, []);

    /// <summary>A secret: as <see cref="Hex"/>, but records, logs, the admin port and errors never show it.</summary>
    /// <param name="what">Its name in errors: <c>a key</c>.</param>
    /// <param name="least">The least number of bytes.</param>
    /// <param name="most">The greatest number of bytes.</param>
    /// <remarks>Outputs show the first 8 bytes of its SHA-256, to compare two sides. A short secret can be guessed from them.</remarks>
    public static TransformParameter Secret(string what, int least, int most)
    {
        var hex = Hex(what, least, most);
        return new(hex.Form, hex.Expected, least, most, []) { IsSecret = true };
    }

    /// <summary>One word of a list. Each has 1 to 64 visible ASCII characters other than parentheses, quotes and semicolons.</summary>
    /// <exception cref="ArgumentException">The list is empty, or a word cannot stand in an expression.</exception>
    public static TransformParameter Word(params IReadOnlyList<string> words) => words.Count > 0 && words.All(IsWord)
        ? new(ArgumentForm.Word, string.Join(" or ", words), 0, 0, [.. words])
        : throw new ArgumentException($"words of 1 to {MaxWordLength} visible ASCII characters without (, ), \" and ; are expected", nameof(words));

    /// <summary>Reads an argument; null if it is not valid.</summary>
    internal TransformArgument? Read(string text) => Form switch
    {
        ArgumentForm.Number => ReadNumber(text) is { } number && number >= _least && number <= _most
            ? new TransformArgument(number.ToString(CultureInfo.InvariantCulture), [(byte)number])
            : null,
        ArgumentForm.Hex => ReadHex(text),
        _ => _words.Contains(text) ? new TransformArgument(text, []) : null,
    };

    private static bool IsWord(string? word) => word?.Length is > 0 and <= MaxWordLength && word.All(c => c is > ' ' and <= '~' and not ('(' or ')' or '"' or ';'));

    private static int? ReadNumber(string text)
    {
        var isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return int.TryParse(
            isHex ? text.AsSpan(2) : text, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
    }

    private TransformArgument? ReadHex(string digits)
    {
        if (digits.Length % 2 != 0 || digits.Length < 2 * _least || digits.Length > 2 * _most || !digits.All(char.IsAsciiHexDigit))
            return null;
        var bytes = Convert.FromHexString(digits);
        return IsSecret ? TransformArgument.OfSecret(bytes) : TransformArgument.OfBytes(bytes);
    }
}

/// <summary>One argument of an operator.</summary>
public sealed class TransformArgument
{
    private readonly byte[] _bytes;

    // Of 32 bytes: enough to tell keys apart, too few to find a random key.
    private const int FingerprintBytes = 8;

    internal TransformArgument(string text, byte[] bytes, string? shown = null) => (Text, Shown, _bytes) = (text, shown ?? text, bytes);

    /// <summary>The text in an expression.</summary>
    public string Text { get; }

    /// <summary>The text in outputs: for a secret, <c>sha256:</c> and the first 8 bytes of its SHA-256.</summary>
    public string Shown { get; }

    /// <summary>The bytes of hex digits; for a number, its one byte; for a word, none.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>A number's value.</summary>
    public byte Value => _bytes[0];

    internal static TransformArgument OfNumber(byte number) => new(number.ToString(CultureInfo.InvariantCulture), [number]);

    internal static TransformArgument OfBytes(byte[] bytes) => new($"\"{Convert.ToHexStringLower(bytes)}\"", bytes);

    internal static TransformArgument OfSecret(byte[] bytes) => new(
        $"\"{Convert.ToHexStringLower(bytes)}\"", bytes, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, FingerprintBytes))}");
}
