using System.Globalization;

namespace Sidecar.Observation.Grpc;

/// <summary>What the fields of a head say about gRPC; also the fields that were not kept for lack of room.</summary>
internal struct GrpcFields
{
    private bool? _areOfCall;

    /// <summary>
    /// Whether a request is a call: <c>application/grpc</c>, possibly with a format or parameters after it. gRPC-Web is another protocol.
    /// </summary>
    public readonly bool AreOfCall => _areOfCall == true;

    /// <summary>The call's status; null if there is none.</summary>
    public int? Status { get; private set; }

    /// <summary>The call's time limit; null if the request has none, or an invalid one.</summary>
    public TimeSpan? Timeout { get; private set; }

    /// <summary>The message in a call's last fields, still percent-encoded; empty if there is none.</summary>
    public static ReadOnlySpan<byte> MessageIn(MessageHead last)
    {
        for (var i = 0; i < last.Count; i++)
        {
            if (last.Name(i).SequenceEqual("grpc-message"u8))
                return last.Value(i);
        }

        return default;
    }

    /// <summary>Reads a field. If a name comes twice, the first counts.</summary>
    public void Note(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        switch (name.Length)
        {
            case 11 when name.SequenceEqual("grpc-status"u8):
                Status ??= int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : null;
                break;
            case 12 when name.SequenceEqual("content-type"u8):
                _areOfCall ??= IsOfCall(value);
                break;
            case 12 when name.SequenceEqual("grpc-timeout"u8):
                Timeout ??= ReadTimeout(value);
                break;
        }
    }

    private static bool IsOfCall(ReadOnlySpan<byte> type)
    {
        var grpc = "application/grpc"u8;
        return type.Length >= grpc.Length && Ascii.EqualsIgnoreCase(type[..grpc.Length], grpc)
            && (type.Length == grpc.Length || type[grpc.Length] is (byte)'+' or (byte)';');
    }

    private static TimeSpan? ReadTimeout(ReadOnlySpan<byte> value)
    {
        // At most eight digits and a unit (gRPC over HTTP/2, "Requests").
        if (value.Length is < 2 or > 9 || !int.TryParse(value[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return null;
        return value[^1] switch
        {
            (byte)'H' => TimeSpan.FromHours(count),
            (byte)'M' => TimeSpan.FromMinutes(count),
            (byte)'S' => TimeSpan.FromSeconds(count),
            (byte)'m' => TimeSpan.FromMilliseconds(count),
            (byte)'u' => TimeSpan.FromMicroseconds(count),
            (byte)'n' => TimeSpan.FromTicks(count / 100),
            _ => null,
        };
    }
}
