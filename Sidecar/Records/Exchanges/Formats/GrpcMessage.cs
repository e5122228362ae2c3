using Sidecar.Observation;
using Sidecar.Observation.Grpc;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>The server's message for the status of a gRPC call, percent-encoded on the wire (gRPC over HTTP/2, "Responses").</summary>
internal static class GrpcMessage
{
    // The limit of other texts (BoundedText); a stack trace is longer.
    private const int MaxLength = BoundedText.MaxLength;

    public static ReadOnlySpan<byte> Field => "grpc-message"u8;

    /// <summary>The message in the trailers, or in the head of a response without a body; empty if there is none.</summary>
    public static ReadOnlySpan<byte> Of(Exchange exchange) =>
        (exchange.Trailers ?? exchange.FinalResponse) is { } last ? GrpcFields.MessageIn(last) : default;

    /// <summary>Writes its beginning, decoded.</summary>
    public static void Write(JsonLine line, ReadOnlySpan<byte> message)
    {
        Span<byte> decoded = stackalloc byte[MaxLength + 1];
        var length = PercentCoding.Decode(message, decoded);
        if (length <= MaxLength)
        {
            line.Text(decoded[..length]);
            return;
        }

        // Back to where a character begins.
        length = MaxLength;
        for (var i = 0; i < 3 && (decoded[length] & 0xc0) == 0x80; i++)
            length--;
        line.Text(decoded[..length]);
        line.Raw("…"u8);
    }
}
