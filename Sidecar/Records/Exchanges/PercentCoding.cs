using System.Buffers;

namespace Sidecar.Records.Exchanges;

/// <summary>RFC 3986, 2.1: <c>%41</c> is an A.</summary>
internal static class PercentCoding
{
    /// <summary>Decodes as much as there is room for; a text that is not a valid code is kept.</summary>
    /// <returns>The number of written bytes.</returns>
    public static int Decode(ReadOnlySpan<byte> text, Span<byte> decoded)
    {
        var length = 0;
        while (!text.IsEmpty && length < decoded.Length)
        {
            if (text is [(byte)'%', _, _, ..] && Convert.FromHexString(text[1..3], decoded.Slice(length, 1), out _, out _) == OperationStatus.Done)
            {
                text = text[3..];
            }
            else
            {
                decoded[length] = text[0];
                text = text[1..];
            }

            length++;
        }

        return length;
    }
}
