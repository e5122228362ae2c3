namespace Sidecar.Observation;

/// <summary>Helpers for bytes of ASCII protocols, without strings.</summary>
internal static class Ascii
{
    /// <summary>The blanks that can surround a field's value.</summary>
    public static ReadOnlySpan<byte> Blanks => " \t"u8;

    /// <summary>Whether two texts are equal without regard to case.</summary>
    public static bool EqualsIgnoreCase(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => System.Text.Ascii.EqualsIgnoreCase(left, right);

    /// <summary>Whether a list of words with commas between them has this word.</summary>
    public static bool ListHas(ReadOnlySpan<byte> list, ReadOnlySpan<byte> word)
    {
        foreach (var range in list.Split((byte)','))
        {
            if (EqualsIgnoreCase(list[range].Trim(Blanks), word))
                return true;
        }

        return false;
    }

    /// <summary>Whether a text has only characters that a method or a field name can have (RFC 9110, 5.6.2).</summary>
    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenBytes);

    private static readonly System.Buffers.SearchValues<byte> TokenBytes =
        System.Buffers.SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);
}
