using System.Globalization;

namespace Sidecar.Observation.Grpc;

/// <summary>What the fields of a message say about gRPC.</summary>
internal static class GrpcFields
{
    /// <summary>Whether a request is a call: <c>application/grpc</c>, perhaps with a format or parameters behind it. gRPC-Web is another protocol.</summary>
    public static bool AreOfCall(MessageHead request)
    {
        var type = Find(request, "content-type"u8);
        var grpc = "application/grpc"u8;
        return type.Length >= grpc.Length && Ascii.EqualsIgnoreCase(type[..grpc.Length], grpc)
            && (type.Length == grpc.Length || type[grpc.Length] is (byte)'+' or (byte)';');
    }

    /// <summary>The status in a call's last fields; null when there is none.</summary>
    public static int? StatusIn(MessageHead last) =>
        int.TryParse(Find(last, "grpc-status"u8), NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : null;

    /// <summary>The message in a call's last fields, still percent-encoded; empty when there is none.</summary>
    public static ReadOnlySpan<byte> MessageIn(MessageHead last) => Find(last, "grpc-message"u8);

    /// <summary>How long a call may take by its request; null when it does not say, or makes no sense.</summary>
    public static TimeSpan? TimeoutIn(MessageHead request)
    {
        // At most eight digits and a unit (gRPC over HTTP/2, "Requests").
        if (Find(request, "grpc-timeout"u8) is not { Length: > 1 and <= 9 } field || !int.TryParse(field[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return null;
        return field[^1] switch
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

    private static ReadOnlySpan<byte> Find(MessageHead head, ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < head.Count; i++)
        {
            if (head.Name(i).SequenceEqual(name))
                return head.Value(i);
        }

        return default;
    }
}
