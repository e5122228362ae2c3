using System.Globalization;

namespace Sidecar.Observation.Grpc;

/// <summary>The text of <c>grpc-message</c>: UTF-8 whose bytes beyond printable ASCII are percent-encoded.</summary>
internal static class GrpcMessage
{
    /// <summary>Decodes it. What is wrongly encoded stays as it is, as gRPC demands.</summary>
    /// <param name="encoded">The field's value.</param>
    /// <param name="decoded">Where it goes; as long as the value.</param>
    /// <returns>How many bytes were written.</returns>
    public static int Decode(ReadOnlySpan<byte> encoded, Span<byte> decoded)
    {
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] == '%' && i + 2 < encoded.Length && byte.TryParse(encoded.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                decoded[length++] = value;
                i += 2;
            }
            else
            {
                decoded[length++] = encoded[i];
            }
        }

        return length;
    }
}
