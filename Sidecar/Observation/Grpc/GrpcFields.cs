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
