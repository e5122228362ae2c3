namespace Sidecar.Observation;

/// <summary>Bytes of protocols that are ASCII, without strings.</summary>
internal static class Ascii
{
    /// <summary>What may stand around a field's value.</summary>
    public static ReadOnlySpan<byte> Blanks => " \t"u8;

    /// <summary>Whether two texts differ in case alone.</summary>
    public static bool EqualsIgnoreCase(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => System.Text.Ascii.EqualsIgnoreCase(left, right);

    /// <summary>Whether a list of words divided by commas has a certain one.</summary>
    public static bool ListHas(ReadOnlySpan<byte> list, ReadOnlySpan<byte> word)
    {
        foreach (var range in list.Split((byte)','))
        {
            if (EqualsIgnoreCase(list[range].Trim(Blanks), word))
                return true;
        }

        return false;
    }

    /// <summary>Whether all of a text may stand in a method or a field's name (RFC 9110, 5.6.2).</summary>
    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenBytes);

    private static readonly System.Buffers.SearchValues<byte> TokenBytes =
        System.Buffers.SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);
}
